// How Fastify reads a request: with its default settings, or as loosely as it can.
const { routes, overrides, operation, tell } = require('./telling')

const loose = process.argv[2] === 'loose' && {
  caseSensitive: false, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, useSemicolonDelimiter: true,
}
const app = require('fastify')({ routerOptions: loose || {} })
for (const method of ['TRACE', 'PROPFIND']) app.addHttpMethod(method)

app.removeAllContentTypeParsers()
app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => done(null, body))

const answer = (route) => (request, reply) => {
  const asked = overrides.map((name) => request.headers[name]).find((value) => value)
  const method = asked ? asked.trim().toUpperCase() : request.method
  const params = { ...request.params }
  if ('*' in params) {
    params.path = params['*']
    delete params['*']
  }
  tell(request.raw, method, route ? operation(route, params) : [], request.url, request.host)
  reply.send()
}
for (const route of routes) {
  app.all(route.replace('{id}', ':id').replace('{path}', '*'), answer(route))
}
app.setNotFoundHandler(answer())
app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
