pub(crate) enum Command {
    Wake,
}
