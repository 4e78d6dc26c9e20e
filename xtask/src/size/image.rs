//! What a linked firmware holds.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use object::read::elf::{ElfFile32, FileHeader as _};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _, RelocationTarget, SectionKind};

/// A linked firmware.
pub(crate) struct Image {
    /// `.text`, `.rodata`, `.data` and the vectors.
    pub(crate) flash: u32,
    /// `.data`, `.bss` and `.uninit`.
    pub(crate) ram: u32,
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Image {
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let file = parse(&bytes)?;
        let (mut flash, mut ram) = (0, 0);
        for section in file.sections() {
            let size = u32::try_from(section.size()).map_err(|error| error.to_string())?;
            match section.kind() {
                SectionKind::Text | SectionKind::ReadOnlyData | SectionKind::ReadOnlyString => {
                    flash += size;
                }
                SectionKind::Data => {
                    flash += size;
                    ram += size;
                }
                SectionKind::UninitializedData => ram += size,
                _ => {}
            }
        }
        Ok(Self {
            flash,
            ram,
            path: path.to_owned(),
            bytes,
        })
    }

    /// The places, outside the standard library, that lead to a panic.
    ///
    /// From the relocations that the linker was told to keep: who refers to whom. What refers to
    /// the panic handler, however many calls away, can panic; no optimisation has removed it.
    /// That an async function panics when it is polled after its end is left out: the compiler
    /// puts it there, and no input leads to it.
    pub(crate) fn panicking(&self) -> Result<BTreeSet<String>, String> {
        let file = parse(&self.bytes)?;
        let lines = Lines::read(&self.path)?;
        let functions: BTreeMap<u64, (u64, String)> = file
            .symbols()
            .filter(|symbol| symbol.kind() == object::SymbolKind::Text && symbol.size() > 0)
            .filter_map(|symbol| {
                let name = format!("{:#}", rustc_demangle::demangle(symbol.name().ok()?));
                // Bit 0 of the address says that it is Thumb code.
                Some((symbol.address() & !1, (symbol.size(), name)))
            })
            .collect();
        let containing = |address: u64| {
            let (start, (size, name)) = functions.range(..=address).next_back()?;
            (address < start + size).then_some(name.as_str())
        };
        // Who refers to a function, and where.
        let mut callers: BTreeMap<&str, BTreeSet<(&str, u64)>> = BTreeMap::new();
        for section in file.sections() {
            for (at, relocation) in section.relocations() {
                let RelocationTarget::Symbol(index) = relocation.target() else {
                    continue;
                };
                let Ok(target) = file.symbol_by_index(index) else {
                    continue;
                };
                // A function of this crate is named by its section and an offset, or by itself.
                let to = target.address() & !1;
                if let (Some(from), Some(to)) = (containing(at), containing(to)) {
                    callers.entry(to).or_default().insert((from, at));
                }
            }
        }
        let mut found = BTreeSet::new();
        let mut reached: BTreeSet<&str> = BTreeSet::new();
        let mut queue: Vec<&str> = functions
            .values()
            .map(|(_, name)| name.as_str())
            .filter(|name| name.ends_with("rust_begin_unwind") || name.contains("core::panicking"))
            .filter(|name| !name.contains("async_fn_resumed"))
            .collect();
        while let Some(name) = queue.pop() {
            for &(caller, at) in callers.get(name).into_iter().flatten() {
                if caller.contains("async_fn_resumed") {
                    continue;
                }
                let place = lines.at(at)?;
                if caller.contains("rustc") || is_library(caller, &place) {
                    if reached.insert(caller) {
                        queue.push(caller);
                    }
                } else {
                    found.insert(describe(caller, &place));
                }
            }
        }
        Ok(found)
    }
}

/// From an address to the source.
struct Lines(addr2line::Loader);

impl Lines {
    fn read(path: &Path) -> Result<Self, String> {
        addr2line::Loader::new(path)
            .map(Self)
            .map_err(|error| error.to_string())
    }

    /// The files and lines of an instruction, and the functions that they are in, innermost first:
    /// each was inlined into the next.
    fn at(&self, address: u64) -> Result<Vec<Line>, String> {
        let mut frames = self
            .0
            .find_frames(address)
            .map_err(|error| error.to_string())?;
        let mut lines = Vec::new();
        while let Some(frame) = frames.next().map_err(|error| error.to_string())? {
            let Some(location) = frame.location else {
                continue;
            };
            let function = frame
                .function
                .and_then(|function| function.raw_name().ok().map(Cow::into_owned));
            lines.push(Line {
                file: location.file.unwrap_or_default().to_owned(),
                line: location.line.unwrap_or_default(),
                function: function.unwrap_or_default(),
            });
        }
        Ok(lines)
    }
}

/// A line of a source file.
struct Line {
    file: String,
    line: u32,
    /// Mangled.
    function: String,
}

/// Whether a place is the standard library's, with nothing of ours inlined into it.
fn is_library(symbol: &str, place: &[Line]) -> bool {
    let by_name = symbol.starts_with("core::") || symbol.starts_with("<core::");
    let by_line = || {
        place
            .iter()
            .all(|line| line.file.contains("/library/core/"))
    };
    by_name || !place.is_empty() && by_line()
}

/// The innermost line that is this repository's, its function, and the one that has it in the image.
fn describe(symbol: &str, place: &[Line]) -> String {
    let own = place.iter().find_map(|line| {
        let file = of_file(&line.file).1?;
        let function = format!("{:#}", rustc_demangle::demangle(&line.function));
        Some((format!("{file}:{}", line.line), function))
    });
    match own {
        Some((line, function)) if function == symbol => format!("{line}, {function},"),
        Some((line, function)) => format!("{line}, {function}, inlined into {symbol},"),
        None => symbol.to_owned(),
    }
}

/// Where the code comes from, largest first: crates, or files of this repository.
///
/// By the debug information: an instruction counts for the innermost function that it was
/// inlined from, the standard library's small ones for their caller.
pub(crate) struct Origins {
    pub(crate) crates: Vec<(String, u32)>,
    pub(crate) files: Vec<(String, u32)>,
}

impl Origins {
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let lines = Lines::read(path)?;
        let mut crates: BTreeMap<String, u32> = BTreeMap::new();
        let mut files: BTreeMap<String, u32> = BTreeMap::new();
        for symbol in parse(&bytes)?
            .symbols()
            .filter(|symbol| symbol.kind() == object::SymbolKind::Text)
        {
            let start = symbol.address() & !1;
            for address in (start..start + symbol.size()).step_by(2) {
                let mut origin = None;
                for line in lines.at(address)? {
                    let found = of_file(&line.file);
                    let own = found.1.is_some();
                    origin.get_or_insert_with(|| found.clone());
                    if own {
                        origin = Some(found);
                        break;
                    }
                }
                let (name, file) = origin.unwrap_or_else(|| ("not told".to_owned(), None));
                *crates.entry(name).or_default() += 2;
                if let Some(file) = file {
                    *files.entry(file).or_default() += 2;
                }
            }
        }
        let sorted = |map: BTreeMap<String, u32>| {
            let mut list: Vec<_> = map.into_iter().collect();
            list.sort_by_key(|&(_, size)| std::cmp::Reverse(size));
            list
        };
        Ok(Self {
            crates: sorted(crates),
            files: sorted(files),
        })
    }
}

/// The crate of a source file, and the file if it is one of this repository's.
fn of_file(path: &str) -> (String, Option<String>) {
    for own in ["mqtt-proto", "mqtt-session", "transport-embedded"] {
        if let Some((_, file)) = path.rsplit_once(&format!("/{own}/src/")) {
            return (own.to_owned(), Some(format!("{own}/src/{file}")));
        }
    }
    if let Some((_, file)) = path.rsplit_once("examples/firmware/") {
        return ("the firmware".to_owned(), Some(file.to_owned()));
    }
    let library = if path.contains("compiler-builtins") {
        "compiler-builtins"
    } else {
        "core and others"
    };
    (library.to_owned(), None)
}

fn parse(bytes: &[u8]) -> Result<ElfFile32<'_>, String> {
    let _ = object::elf::FileHeader32::<object::Endianness>::parse(bytes)
        .map_err(|error| error.to_string())?;
    ElfFile32::parse(bytes).map_err(|error| error.to_string())
}
