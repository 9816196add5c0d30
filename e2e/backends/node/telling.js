// What the services of this folder have in common: the routes, and the line that tells of a request.
const fs = require('node:fs')

exports.routes = [
  '/healthz', '/admin', '/admin/users', '/users/{id}', '/users/{id}/orders', '/orders', '/orders/{id}', '/files/{path}',
]
exports.overrides = ['x-http-method-override', 'x-http-method', 'x-method-override']

// Node has header values as Latin-1, what was percent-encoded as text.
const latin1 = (text) => Buffer.from(String(text), 'utf8').toString('latin1')
exports.latin1 = latin1

exports.operation = (route, params) => {
  const own = Object.entries(params).map(([name, value]) => [name, latin1(Array.isArray(value) ? value.join('/') : value)])
  return [{ route, params: Object.fromEntries(own) }]
}

// The host as a URL has it.
const hosts = (host) => {
  try {
    return [host, new URL(`http://${host}/`).hostname]
  } catch {
    return [host]
  }
}

const pairs = (raw) => Array.from({ length: raw.length / 2 }, (_, at) => [raw[2 * at], raw[2 * at + 1]])

exports.tell = (message, method, operations, path, host) => {
  const line = {
    case: message.headers['x-case'] ?? '',
    method,
    operations,
    path: latin1(path),
    hosts: hosts(host ?? ''),
    headers: pairs(message.rawHeaders),
    trailers: pairs(message.rawTrailers),
  }
  fs.appendFileSync(process.env.SEEN, JSON.stringify(line) + '\n')
}

// Ends once the body and the trailers are there.
exports.wait = (message) => new Promise((resolve) => message.on('end', resolve).on('error', resolve).resume())
