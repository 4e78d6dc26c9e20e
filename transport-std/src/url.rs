use std::fmt;

use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// What a URL says: `mqtt://[user[:password]@]host[:port]`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<Vec<u8>>,
}

/// What is wrong with a URL, and in which part of it.
///
/// Holds no piece of the user name or password, so that it can be logged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlError {
    /// Not a URL at all.
    Syntax(url::ParseError),
    /// The scheme is not one that this client speaks: `mqtt` and `tcp` are.
    Scheme(String),
    /// There is no host.
    HostMissing,
    /// The host is not percent-encoded UTF-8.
    Host(String),
    /// The port is 0, which is nowhere.
    PortZero,
    /// The user name is not percent-encoded UTF-8.
    Username,
    /// There is a password but no user name.
    PasswordAlone,
    /// A path, for which this scheme has no use.
    Path(String),
    /// A query, for which this scheme has no use.
    Query(String),
    /// A fragment, for which this scheme has no use.
    Fragment(String),
}

/// The IANA port of `mqtt`.
const PORT: u16 = 1883;

impl Address {
    pub(crate) fn parse(text: &str) -> Result<Self, UrlError> {
        let url = Url::parse(text).map_err(UrlError::Syntax)?;
        if !matches!(url.scheme(), "mqtt" | "tcp") {
            return Err(UrlError::Scheme(url.scheme().to_owned()));
        }
        let host = match url.host() {
            None => return Err(UrlError::HostMissing),
            Some(Host::Ipv6(address)) => address.to_string(),
            Some(host) => {
                decode(&host.to_string()).ok_or_else(|| UrlError::Host(host.to_string()))?
            }
        };
        if url.port() == Some(0) {
            return Err(UrlError::PortZero);
        }
        if !matches!(url.path(), "" | "/") {
            return Err(UrlError::Path(url.path().to_owned()));
        }
        if let Some(query) = url.query() {
            return Err(UrlError::Query(query.to_owned()));
        }
        if let Some(fragment) = url.fragment() {
            return Err(UrlError::Fragment(fragment.to_owned()));
        }
        let username = match url.username() {
            "" => None,
            encoded => Some(decode(encoded).ok_or(UrlError::Username)?),
        };
        let password = url
            .password()
            .map(|encoded| percent_decode_str(encoded).collect());
        if password.is_some() && username.is_none() {
            return Err(UrlError::PasswordAlone);
        }
        Ok(Self {
            host,
            port: url.port().unwrap_or(PORT),
            username,
            password,
        })
    }
}

fn decode(encoded: &str) -> Option<String> {
    percent_decode_str(encoded)
        .decode_utf8()
        .ok()
        .map(Into::into)
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(error) => write!(f, "not a URL: {error}"),
            Self::Scheme(scheme) => {
                write!(f, "the scheme {scheme:?} is none of mqtt, tcp")
            }
            Self::HostMissing => f.write_str("the URL has no host"),
            Self::Host(host) => write!(f, "the host {host:?} is not UTF-8"),
            Self::PortZero => f.write_str("the port is 0"),
            Self::Username => f.write_str("the user name is not UTF-8"),
            Self::PasswordAlone => f.write_str("a password without a user name"),
            Self::Path(path) => write!(f, "a path has no meaning here: {path:?}"),
            Self::Query(query) => write!(f, "a query has no meaning here: {query:?}"),
            Self::Fragment(fragment) => write!(f, "a fragment has no meaning here: {fragment:?}"),
        }
    }
}

impl std::error::Error for UrlError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Syntax(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> UrlError {
        match Address::parse(text) {
            Ok(_) => panic!("{text} was taken"),
            Err(error) => error,
        }
    }

    #[test]
    fn whole() {
        let address = Address::parse("mqtt://us%40er:p%3Ass@example.org:1884/")
            .unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(address.host, "example.org");
        assert_eq!(address.port, 1884);
        assert_eq!(address.username.as_deref(), Some("us@er"));
        assert_eq!(address.password.as_deref(), Some(&b"p:ss"[..]));
    }

    #[test]
    fn short() {
        for (text, host) in [
            ("tcp://localhost", "localhost"),
            ("mqtt://[::1]", "::1"),
            ("mqtt://127.0.0.1", "127.0.0.1"),
        ] {
            let address = Address::parse(text).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!((address.host.as_str(), address.port), (host, 1883));
            assert_eq!((address.username, address.password), (None, None));
        }
    }

    #[test]
    fn wrong() {
        assert_eq!(
            error("localhost:1883"),
            UrlError::Scheme("localhost".into())
        );
        assert_eq!(
            error("localhost"),
            UrlError::Syntax(url::ParseError::RelativeUrlWithoutBase)
        );
        assert_eq!(error("http://localhost"), UrlError::Scheme("http".into()));
        assert_eq!(
            error("mqtt://localhost:99999"),
            UrlError::Syntax(url::ParseError::InvalidPort)
        );
        assert_eq!(
            error("mqtt://localhost:port"),
            UrlError::Syntax(url::ParseError::InvalidPort)
        );
        assert_eq!(error("mqtt://localhost:0"), UrlError::PortZero);
        assert_eq!(error("mqtt:localhost"), UrlError::HostMissing);
        assert_eq!(error("mqtt://"), UrlError::HostMissing);
        assert_eq!(error("mqtt://h/topic"), UrlError::Path("/topic".into()));
        assert_eq!(error("mqtt://h?a=b"), UrlError::Query("a=b".into()));
        assert_eq!(error("mqtt://h#a"), UrlError::Fragment("a".into()));
        assert_eq!(error("mqtt://%ff@h"), UrlError::Username);
        assert_eq!(error("mqtt://:secret@h"), UrlError::PasswordAlone);
    }

    #[test]
    fn errors_keep_secrets() {
        for text in [
            "mqtt://:secret@h",
            "mqtt://u:secret@h/p",
            "http://u:secret@h",
            "mqtt://u:secret@h:99999",
        ] {
            let error = error(text);
            assert!(!format!("{error} {error:?}").contains("secret"));
        }
    }
}
