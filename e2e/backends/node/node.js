// How a service on Node's own server reads a request: the target as a URL, as its documentation proposes.
const http = require('node:http')
const { overrides, latin1, tell, wait } = require('./telling')

const decoded = (path) => {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

const server = http.createServer(async (request, response) => {
  await wait(request)
  const asked = overrides.map((name) => request.headers[name]).find((value) => value)
  let url
  try {
    url = new URL(request.url, `http://${request.headers.host}`)
  } catch {
    response.writeHead(400).end()
    return
  }
  const path = decoded(url.pathname)
  const method = asked ? asked.trim().toUpperCase() : request.method
  tell(request, method, [{ path: latin1(path) }], path, url.hostname)
  response.end()
})
server.listen(process.env.PORT, '127.0.0.1')
