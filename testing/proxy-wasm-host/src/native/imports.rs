//! The hostcalls, by their names in the ABI.
//!
//! SAFETY, for all of them: only the SDK calls these functions, in this process and on this thread.
//! As the ABI demands it passes pointers to readable memory of the length beside them, or null with
//! the length 0, and pointers to writable places for what comes back. What is allocated for it
//! comes from its own allocator, which it frees from.
#![expect(
    clippy::undocumented_unsafe_blocks,
    reason = "one argument holds for all: the module's documentation"
)]

use super::callbacks;
use crate::abi::{LogLevel, Status};
use crate::hostcalls::{self, Call};
use crate::state::State;
use anyhow::{Result, bail};

/// An argument of a hostcall.
#[derive(Clone, Copy, Debug)]
enum Argument {
    /// A number; a negative one in two's complement.
    Number(u64),
    /// Where bytes of the module begin.
    In(*const u8),
    /// Where the host is to write.
    Out(*mut u8),
}

impl From<u32> for Argument {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Argument {
    fn from(number: usize) -> Self {
        // No machine has pointers of more than 64 bits.
        Self::Number(u64::try_from(number).unwrap_or(u64::MAX))
    }
}

impl From<u64> for Argument {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<i64> for Argument {
    fn from(number: i64) -> Self {
        Self::Number(number.cast_unsigned())
    }
}

impl From<i32> for Argument {
    fn from(number: i32) -> Self {
        Self::from(i64::from(number))
    }
}

impl From<bool> for Argument {
    fn from(flag: bool) -> Self {
        Self::Number(flag.into())
    }
}

impl From<*const u8> for Argument {
    fn from(pointer: *const u8) -> Self {
        Self::In(pointer)
    }
}

impl<T> From<*mut T> for Argument {
    fn from(pointer: *mut T) -> Self {
        Self::Out(pointer.cast())
    }
}

/// A hostcall of this thread's module.
struct NativeCall<'a> {
    state: &'a mut State,
    arguments: &'a [Argument],
}

impl NativeCall<'_> {
    fn out(&self, index: usize) -> Result<*mut u8> {
        match self.arguments.get(index) {
            Some(Argument::Out(pointer)) if !pointer.is_null() => Ok(*pointer),
            other => bail!("argument {index} is {other:?}, not where to write"),
        }
    }
}

impl Call for NativeCall<'_> {
    fn state(&mut self) -> &mut State {
        self.state
    }

    fn number(&self, index: usize) -> Result<u64> {
        match self.arguments.get(index) {
            Some(Argument::Number(number)) => Ok(*number),
            other => bail!("argument {index} is {other:?}, not a number"),
        }
    }

    fn bytes(&self, index: usize) -> Result<Vec<u8>> {
        let size = usize::try_from(self.number(index.saturating_add(1))?)?;
        match self.arguments.get(index) {
            Some(Argument::In(pointer)) if pointer.is_null() && size == 0 => Ok(Vec::new()),
            Some(Argument::In(pointer)) if !pointer.is_null() => {
                Ok(unsafe { std::slice::from_raw_parts(*pointer, size) }.to_vec())
            }
            other => bail!("argument {index} is {other:?}, not where {size} bytes begin"),
        }
    }

    fn put(&mut self, index: usize, bytes: &[u8]) -> Result<()> {
        let place = self.out(index)?;
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), place, bytes.len()) };
        Ok(())
    }

    fn give(&mut self, index: usize, bytes: &[u8]) -> Result<()> {
        let (data, size) = (self.out(index)?.cast::<*mut u8>(), self.out(index.saturating_add(1))?);
        let room =
            if bytes.is_empty() { std::ptr::null_mut() } else { callbacks::allocate(bytes.len()) };
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), room, bytes.len());
            data.write_unaligned(room);
            size.cast::<usize>().write_unaligned(bytes.len());
        }
        Ok(())
    }
}

/// Makes a hostcall for this thread's module.
#[expect(clippy::panic, reason = "what a module in a VM would trap at ends a test")]
fn make(name: &str, arguments: &[Argument]) -> Status {
    let (status, said) = super::with(|state| {
        let status = hostcalls::make(name, &mut NativeCall { state, arguments });
        let said =
            state.log.last().filter(|line| name == "proxy_log" && line.level == LogLevel::Critical);
        (status, said.map(|line| line.text.clone()))
    });
    // What the SDK says of a panic, which comes next: the test's own message may be about something
    // else.
    if let Some(text) = said {
        eprintln!("{text}");
    }
    match status {
        Ok(status) => status,
        Err(error) => panic!("{name}: {error:#}"),
    }
}

macro_rules! hostcalls {
    ($(fn $name:ident($($argument:ident: $type:ty),*);)+) => {
        $(
            #[unsafe(no_mangle)]
            unsafe extern "C" fn $name($($argument: $type),*) -> Status {
                make(stringify!($name), &[$(Argument::from($argument)),*])
            }
        )+
    };
}

hostcalls! {
    fn proxy_log(level: u32, data: *const u8, size: usize);
    fn proxy_get_log_level(level: *mut u32);
    fn proxy_get_current_time_nanoseconds(time: *mut u64);
    fn proxy_set_tick_period_milliseconds(period: u32);
    fn proxy_get_buffer_bytes(buffer: u32, start: usize, most: usize, data: *mut *mut u8, size: *mut usize);
    fn proxy_set_buffer_bytes(buffer: u32, start: usize, size: usize, data: *const u8, data_size: usize);
    fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, size: *mut usize);
    fn proxy_set_header_map_pairs(map: u32, data: *const u8, size: usize);
    fn proxy_get_header_map_value(
        map: u32, key: *const u8, key_size: usize, data: *mut *mut u8, size: *mut usize
    );
    fn proxy_remove_header_map_value(map: u32, key: *const u8, key_size: usize);
    fn proxy_replace_header_map_value(
        map: u32, key: *const u8, key_size: usize, value: *const u8, value_size: usize
    );
    fn proxy_add_header_map_value(
        map: u32, key: *const u8, key_size: usize, value: *const u8, value_size: usize
    );
    fn proxy_get_property(path: *const u8, path_size: usize, data: *mut *mut u8, size: *mut usize);
    fn proxy_set_property(path: *const u8, path_size: usize, value: *const u8, value_size: usize);
    fn proxy_get_shared_data(
        key: *const u8, key_size: usize, data: *mut *mut u8, size: *mut usize, version: *mut u32
    );
    fn proxy_set_shared_data(
        key: *const u8, key_size: usize, value: *const u8, value_size: usize, version: u32
    );
    fn proxy_register_shared_queue(name: *const u8, size: usize, queue: *mut u32);
    fn proxy_resolve_shared_queue(
        vm: *const u8, vm_size: usize, name: *const u8, name_size: usize, queue: *mut u32
    );
    fn proxy_dequeue_shared_queue(queue: u32, data: *mut *mut u8, size: *mut usize);
    fn proxy_enqueue_shared_queue(queue: u32, data: *const u8, size: usize);
    fn proxy_continue_stream(stream: u32);
    fn proxy_close_stream(stream: u32);
    fn proxy_send_local_response(
        status: u32, details: *const u8, details_size: usize, body: *const u8, body_size: usize,
        headers: *const u8, headers_size: usize, grpc_status: i32
    );
    fn proxy_http_call(
        cluster: *const u8, cluster_size: usize, headers: *const u8, headers_size: usize, body: *const u8,
        body_size: usize, trailers: *const u8, trailers_size: usize, timeout: u32, token: *mut u32
    );
    fn proxy_grpc_call(
        cluster: *const u8, cluster_size: usize, service: *const u8, service_size: usize, method: *const u8,
        method_size: usize, metadata: *const u8, metadata_size: usize, message: *const u8, message_size: usize,
        timeout: u32, token: *mut u32
    );
    fn proxy_grpc_stream(
        cluster: *const u8, cluster_size: usize, service: *const u8, service_size: usize, method: *const u8,
        method_size: usize, metadata: *const u8, metadata_size: usize, token: *mut u32
    );
    fn proxy_grpc_send(token: u32, message: *const u8, size: usize, end_of_stream: bool);
    fn proxy_grpc_cancel(token: u32);
    fn proxy_grpc_close(token: u32);
    fn proxy_get_status(code: *mut u32, data: *mut *mut u8, size: *mut usize);
    fn proxy_set_effective_context(context: u32);
    fn proxy_call_foreign_function(
        name: *const u8, name_size: usize, argument: *const u8, argument_size: usize, data: *mut *mut u8,
        size: *mut usize
    );
    fn proxy_done();
    fn proxy_define_metric(kind: u32, name: *const u8, size: usize, id: *mut u32);
    fn proxy_get_metric(id: u32, value: *mut u64);
    fn proxy_record_metric(id: u32, value: u64);
    fn proxy_increment_metric(id: u32, amount: i64);
}
