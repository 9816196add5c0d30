// How Express reads a request, with its default settings.
const express = require('express')
const override = require('method-override')
const { routes, overrides, operation, tell, wait } = require('./telling')

const app = express()
for (const name of overrides) app.use(override(name, { methods: null }))
const answer = (route) => async (request, response) => {
  await wait(request)
  const operations = route ? operation(route, request.params) : []
  tell(request, request.method, operations, request.path, request.get('host'))
  response.end()
}
for (const route of routes) {
  app.all(route.replace('{id}', ':id').replace('{path}', '*path'), answer(route))
}
app.use(answer())
app.listen(process.env.PORT, '127.0.0.1')
