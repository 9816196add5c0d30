<?php
// How a front controller in PHP reads a request: the path as the server gives it, and as it makes it of the target; the
// method after what asks for another, as frameworks do it.

/** Each byte as one character. */
function latin1(string $bytes): string
{
    $two = fn (array $byte) => chr(0xC0 | ord($byte[0]) >> 6) . chr(0x80 | ord($byte[0]) & 0x3F);
    return preg_replace_callback('/[\x80-\xFF]/', $two, $bytes);
}

file_get_contents('php://input');
$method = $_SERVER['REQUEST_METHOD'];
foreach (['HTTP_X_HTTP_METHOD_OVERRIDE', 'HTTP_X_HTTP_METHOD', 'HTTP_X_METHOD_OVERRIDE'] as $name) {
    if (!empty($_SERVER[$name])) {
        $method = strtoupper(trim($_SERVER[$name]));
    }
}
if (!empty($_GET['_method']) && is_string($_GET['_method'])) {
    $method = strtoupper(trim($_GET['_method']));
}
$target = $_SERVER['REQUEST_URI'] ?? '';
$paths = [
    $_SERVER['PATH_INFO'] ?? '',
    rawurldecode(parse_url($target, PHP_URL_PATH) ?: ''),
    rawurldecode(explode('?', $target)[0]),
];
// A target that is a whole URL, or none of a path, is nothing that a router knows.
$paths = array_values(array_unique(array_filter($paths, fn ($path) => str_starts_with($path, '/'))));
$hosts = [$_SERVER['HTTP_HOST'] ?? '', parse_url('http://' . ($_SERVER['HTTP_HOST'] ?? ''), PHP_URL_HOST) ?: ''];
$variables = array_filter($_SERVER, fn ($name) => str_starts_with($name, 'HTTP_'), ARRAY_FILTER_USE_KEY);
$line = [
    'case' => $_SERVER['HTTP_X_CASE'] ?? '',
    'method' => $method,
    'operations' => array_map(fn ($path) => ['path' => latin1($path)], $paths),
    'path' => latin1($target),
    'hosts' => array_map(latin1(...), $hosts),
    'cgi' => (object) array_map(latin1(...), $variables),
];
file_put_contents($_SERVER['SEEN'] ?? getenv('SEEN'), json_encode($line) . "\n", FILE_APPEND | LOCK_EX);
