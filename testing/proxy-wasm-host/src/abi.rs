//! Numbers of the proxy-wasm ABI, version 0.2.1.

/// What a hostcall returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Status {
    /// It was done.
    Ok = 0,
    /// There is no such thing.
    NotFound = 1,
    /// An argument is not one that the call takes, or not in this context.
    BadArgument = 2,
    /// A header map that the module passed can't be read.
    SerializationFailure = 3,
    /// Another worker wrote the value in the meantime.
    CasMismatch = 8,
    /// The host failed.
    InternalFailure = 10,
}

/// How important a line of the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum LogLevel {
    /// For who follows each step.
    Trace = 0,
    /// For who looks for a defect.
    Debug = 1,
    /// Nothing is wrong.
    Info = 2,
    /// Something may be wrong.
    Warn = 3,
    /// Something is wrong.
    Error = 4,
    /// The module panicked.
    Critical = 5,
}

impl LogLevel {
    /// Returns the level of a number, if there is one.
    pub(crate) fn from_number(number: u64) -> Option<Self> {
        let levels =
            [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error, Self::Critical];
        levels.get(usize::try_from(number).ok()?).copied()
    }
}

/// The callback for request headers says "continue".
pub(crate) const ACTION_CONTINUE: u32 = 0;

/// Which header map a hostcall is about.
pub(crate) mod map_type {
    pub(crate) const REQUEST_HEADERS: u64 = 0;
    pub(crate) const REQUEST_TRAILERS: u64 = 1;
    pub(crate) const CALL_RESPONSE_HEADERS: u64 = 6;
}

/// Which buffer a hostcall is about.
pub(crate) mod buffer_type {
    pub(crate) const CALL_RESPONSE_BODY: u64 = 4;
    pub(crate) const VM_CONFIGURATION: u64 = 6;
    pub(crate) const PLUGIN_CONFIGURATION: u64 = 7;
}

/// Which kind of metric a hostcall defines.
pub(crate) mod metric_type {
    pub(crate) const COUNTER: u64 = 0;
    pub(crate) const GAUGE: u64 = 1;
}

/// Which stream a hostcall has go on.
pub(crate) mod stream_type {
    pub(crate) const REQUEST: u64 = 0;
}
