//! The hostcalls, by their names in the ABI.
//!
//! SAFETY, for all of them: only the SDK calls these functions, in this process and on this thread. As the ABI demands
//! it passes pointers to readable memory of the length beside them, or null with the length 0, and pointers to
//! writable, aligned places for what comes back. What is allocated for it comes from its own allocator, which it frees
//! from.
#![expect(
    clippy::undocumented_unsafe_blocks,
    reason = "one argument holds for all: the module's documentation"
)]

use crate::envoy::{self, Envoy, Headers, HttpCall, LocalReply, LogLine, Metric};
use crate::{callbacks, wire};
use proxy_wasm::types::{BufferType, LogLevel, MapType, MetricType, Status, StreamType};

/// What the SDK handed over.
unsafe fn bytes<'a>(data: *const u8, size: usize) -> &'a [u8] {
    if data.is_null() { b"" } else { unsafe { std::slice::from_raw_parts(data, size) } }
}

unsafe fn text(data: *const u8, size: usize) -> String {
    String::from_utf8(unsafe { bytes(data, size) }.to_vec()).expect("the SDK passes names as UTF-8")
}

/// Hands bytes to the SDK, in memory that it owns from here on.
unsafe fn give(value: &[u8], data: *mut *mut u8, size: *mut usize) -> Status {
    let room = callbacks::allocate(value.len());
    unsafe {
        std::ptr::copy_nonoverlapping(value.as_ptr(), room, value.len());
        data.write(room);
        size.write(value.len());
    }
    Status::Ok
}

/// Works with this thread's Envoy, and counts the call.
fn counted<T>(name: &'static str, work: impl FnOnce(&mut Envoy) -> T) -> T {
    envoy::with(|envoy| {
        *envoy.calls.entry(name).or_default() += 1;
        work(envoy)
    })
}

/// Works with the headers of the request, or of the answer to a call.
fn with_headers(name: &'static str, map: MapType, work: impl FnOnce(&mut Headers)) -> Status {
    counted(name, |envoy| {
        let headers = match map {
            MapType::HttpRequestHeaders => envoy.request.as_mut(),
            MapType::HttpCallResponseHeaders => envoy.call_response.as_mut().map(|(headers, _)| headers),
            _ => None,
        };
        headers.map_or(Status::BadArgument, |headers| {
            work(headers);
            Status::Ok
        })
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_log(level: LogLevel, data: *const u8, size: usize) -> Status {
    let text = String::from_utf8_lossy(unsafe { bytes(data, size) }).into_owned();
    if level == LogLevel::Critical {
        eprintln!("{text}");
    }
    counted("log", |envoy| envoy.log.push(LogLine { level, text }));
    Status::Ok
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_log_level(level: *mut LogLevel) -> Status {
    unsafe { level.write(counted("get_log_level", |envoy| envoy.log_level)) };
    Status::Ok
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_current_time_nanoseconds(time: *mut u64) -> Status {
    unsafe { time.write(counted("get_current_time", |envoy| envoy.now)) };
    Status::Ok
}

#[unsafe(no_mangle)]
extern "C" fn proxy_set_tick_period_milliseconds(period: u32) -> Status {
    counted("set_tick_period", |envoy| envoy.tick_period = period);
    Status::Ok
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_buffer_bytes(
    buffer: BufferType,
    start: usize,
    max_size: usize,
    data: *mut *mut u8,
    size: *mut usize,
) -> Status {
    let all = counted("get_buffer", |envoy| match buffer {
        BufferType::PluginConfiguration => Some(envoy.configuration.clone()),
        BufferType::HttpCallResponseBody => envoy.call_response.as_ref().map(|(_, body)| body.clone()),
        _ => None,
    });
    let Some(all) = all else { return Status::NotFound };
    let part = all.get(start..start.saturating_add(max_size).min(all.len())).unwrap_or_default();
    unsafe { give(part, data, size) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_header_map_pairs(
    map: MapType,
    data: *mut *mut u8,
    size: *mut usize,
) -> Status {
    let mut pairs = Vec::new();
    match with_headers("get_header_map_pairs", map, |headers| pairs = wire::write_map(headers)) {
        Status::Ok => unsafe { give(&pairs, data, size) },
        status => status,
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_set_header_map_pairs(map: MapType, data: *const u8, size: usize) -> Status {
    let Some(pairs) = wire::read_map(unsafe { bytes(data, size) }) else {
        return Status::SerializationFailure;
    };
    with_headers("set_header_map_pairs", map, |headers| *headers = pairs)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_header_map_value(
    map: MapType,
    key: *const u8,
    key_size: usize,
    data: *mut *mut u8,
    size: *mut usize,
) -> Status {
    let (key, mut value) = (unsafe { text(key, key_size) }, None);
    let status = with_headers("get_header_map_value", map, |headers| {
        value = headers.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone());
    });
    match value {
        Some(value) => unsafe { give(&value, data, size) },
        None if status == Status::Ok => Status::NotFound,
        None => status,
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_remove_header_map_value(map: MapType, key: *const u8, key_size: usize) -> Status {
    let key = unsafe { text(key, key_size) };
    with_headers("remove_header_map_value", map, |headers| headers.retain(|(name, _)| *name != key))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_replace_header_map_value(
    map: MapType,
    key: *const u8,
    key_size: usize,
    value: *const u8,
    value_size: usize,
) -> Status {
    let (key, value) = unsafe { (text(key, key_size), bytes(value, value_size).to_vec()) };
    with_headers("replace_header_map_value", map, |headers| {
        headers.retain(|(name, _)| *name != key);
        headers.push((key, value));
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_add_header_map_value(
    map: MapType,
    key: *const u8,
    key_size: usize,
    value: *const u8,
    value_size: usize,
) -> Status {
    let (key, value) = unsafe { (text(key, key_size), bytes(value, value_size).to_vec()) };
    with_headers("add_header_map_value", map, |headers| headers.push((key, value)))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_property(
    path: *const u8,
    path_size: usize,
    data: *mut *mut u8,
    size: *mut usize,
) -> Status {
    let path = unsafe { bytes(path, path_size) };
    match counted("get_property", |envoy| envoy.properties.get(path).cloned()) {
        Some(value) => unsafe { give(&value, data, size) },
        None => Status::NotFound,
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_set_property(
    path: *const u8,
    path_size: usize,
    value: *const u8,
    value_size: usize,
) -> Status {
    let (path, value) = unsafe { (text(path, path_size), bytes(value, value_size).to_vec()) };
    counted("set_property", |envoy| {
        if envoy.request.is_none() {
            return Status::NotFound;
        }
        envoy.filter_state.insert(format!("wasm.{path}"), value);
        Status::Ok
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_shared_data(
    key: *const u8,
    key_size: usize,
    data: *mut *mut u8,
    size: *mut usize,
    cas: *mut u32,
) -> Status {
    let key = unsafe { text(key, key_size) };
    match counted("get_shared_data", |envoy| envoy.shared.get(&key)) {
        Some((value, number)) => unsafe {
            cas.write(number);
            give(&value, data, size)
        },
        None => Status::NotFound,
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_set_shared_data(
    key: *const u8,
    key_size: usize,
    value: *const u8,
    value_size: usize,
    cas: u32,
) -> Status {
    let (key, value) = unsafe { (text(key, key_size), bytes(value, value_size)) };
    match counted("set_shared_data", |envoy| envoy.shared.set(&key, value, cas)) {
        Ok(()) => Status::Ok,
        Err(status) => status,
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_send_local_response(
    status: u32,
    _details: *const u8,
    _details_size: usize,
    body: *const u8,
    body_size: usize,
    headers: *const u8,
    headers_size: usize,
    grpc_status: i32,
) -> Status {
    let (body, headers) = unsafe { (bytes(body, body_size).to_vec(), bytes(headers, headers_size)) };
    let Some(headers) = wire::read_map(headers) else { return Status::BadArgument };
    counted("send_local_response", |envoy| {
        assert!(envoy.reply.is_none(), "a request is answered once");
        envoy.reply = Some(LocalReply { status, headers, body, grpc_status });
    });
    Status::Ok
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_http_call(
    upstream: *const u8,
    upstream_size: usize,
    headers: *const u8,
    headers_size: usize,
    _body: *const u8,
    _body_size: usize,
    _trailers: *const u8,
    _trailers_size: usize,
    timeout: u32,
    token: *mut u32,
) -> Status {
    let (cluster, headers) = unsafe { (text(upstream, upstream_size), bytes(headers, headers_size)) };
    let Some(headers) = wire::read_map(headers) else { return Status::BadArgument };
    let number = counted("http_call", |envoy| {
        let token = u32::try_from(envoy.http_calls.len()).expect("few calls") + 1;
        envoy.http_calls.push(HttpCall { token, cluster, headers, timeout });
        token
    });
    unsafe { token.write(number) };
    Status::Ok
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_call_foreign_function(
    name: *const u8,
    name_size: usize,
    argument: *const u8,
    argument_size: usize,
    data: *mut *mut u8,
    size: *mut usize,
) -> Status {
    let (name, argument) = unsafe { (text(name, name_size), bytes(argument, argument_size)) };
    let crypto = counted("call_foreign_function", |envoy| envoy.crypto);
    match name.as_str() {
        "verify_signature" => match crypto.verify_signature(argument) {
            Ok(result) => unsafe { give(&result, data, size) },
            Err(status) => status,
        },
        _ => Status::NotFound,
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_define_metric(
    kind: MetricType,
    name: *const u8,
    size: usize,
    id: *mut u32,
) -> Status {
    assert_ne!(kind, MetricType::Histogram, "the filter has no histograms");
    let name = unsafe { text(name, size) };
    let number = counted("define_metric", |envoy| {
        envoy.metrics.push(Metric { name, is_counter: kind == MetricType::Counter, value: 0 });
        u32::try_from(envoy.metrics.len() - 1).expect("few metrics")
    });
    unsafe { id.write(number) };
    Status::Ok
}

#[unsafe(no_mangle)]
extern "C" fn proxy_increment_metric(id: u32, offset: i64) -> Status {
    counted("increment_metric", |envoy| {
        with_metric(envoy, id, |value| *value = value.checked_add_signed(offset).expect("a metric in range"))
    })
}

#[unsafe(no_mangle)]
extern "C" fn proxy_record_metric(id: u32, new: u64) -> Status {
    counted("record_metric", |envoy| with_metric(envoy, id, |value| *value = new))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_metric(id: u32, value: *mut u64) -> Status {
    match counted("get_metric", |envoy| envoy.metrics.get(id as usize).map(|metric| metric.value)) {
        Some(present) => {
            unsafe { value.write(present) };
            Status::Ok
        }
        None => Status::NotFound,
    }
}

/// Changes a metric.
fn with_metric(envoy: &mut Envoy, id: u32, change: impl FnOnce(&mut u64)) -> Status {
    match envoy.metrics.get_mut(id as usize) {
        Some(metric) => {
            change(&mut metric.value);
            envoy.changed.push(metric.name.clone());
            Status::Ok
        }
        None => Status::NotFound,
    }
}

#[unsafe(no_mangle)]
extern "C" fn proxy_set_effective_context(_context: u32) -> Status {
    Status::Ok
}

/// Hostcalls that the SDK refers to and the filter never makes.
macro_rules! unsupported {
    ($(fn $name:ident($($argument:ty),*);)+) => {
        $(
            #[unsafe(no_mangle)]
            extern "C" fn $name($(_: $argument),*) -> Status {
                Status::InternalFailure
            }
        )+
    };
}

unsupported! {
    fn proxy_set_buffer_bytes(BufferType, usize, usize, *const u8, usize);
    fn proxy_register_shared_queue(*const u8, usize, *mut u32);
    fn proxy_resolve_shared_queue(*const u8, usize, *const u8, usize, *mut u32);
    fn proxy_dequeue_shared_queue(u32, *mut *mut u8, *mut usize);
    fn proxy_enqueue_shared_queue(u32, *const u8, usize);
    fn proxy_continue_stream(StreamType);
    fn proxy_close_stream(StreamType);
    fn proxy_grpc_call(
        *const u8, usize, *const u8, usize, *const u8, usize, *const u8, usize, *const u8, usize, u32, *mut u32
    );
    fn proxy_grpc_stream(*const u8, usize, *const u8, usize, *const u8, usize, *const u8, usize, *mut u32);
    fn proxy_grpc_send(u32, *const u8, usize, bool);
    fn proxy_grpc_cancel(u32);
    fn proxy_grpc_close(u32);
    fn proxy_get_status(*mut u32, *mut *mut u8, *mut usize);
    fn proxy_done();
}
