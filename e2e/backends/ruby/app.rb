# How Sinatra reads a request; Puma in front.
require 'json'
require 'sinatra/base'

# Whatever asks for another method, whatever the method.
class Override
  NAMES = %w[HTTP_X_HTTP_METHOD_OVERRIDE HTTP_X_HTTP_METHOD HTTP_X_METHOD_OVERRIDE].freeze

  def initialize(app)
    @app = app
  end

  def call(env)
    NAMES.each do |name|
      asked = env[name].to_s.strip.upcase
      env['REQUEST_METHOD'] = asked unless asked.empty?
    end
    @app.call(env)
  end
end

class Service < Sinatra::Base
  use Override
  set :host_authorization, permitted_hosts: []
  set :protection, false
  set :show_exceptions, false

  def self.latin1(text)
    text.to_s.dup.force_encoding('BINARY').encode('UTF-8', 'ISO-8859-1')
  end

  helpers do
    def tell(operations)
      request.body.read
      cgi = request.env.select { |name, value| name.start_with?('HTTP_') && value.is_a?(String) }
      line = {
        case: request.env['HTTP_X_CASE'].to_s,
        method: request.request_method,
        operations: operations,
        path: Service.latin1(request.path_info),
        # Not `request.host`, which believes `X-Forwarded-Host` of anybody: docs/security.md says what that takes.
        hosts: [Service.latin1(request.env['HTTP_HOST'])],
        cgi: cgi.transform_values { |value| Service.latin1(value) },
      }
      File.open(ENV.fetch('SEEN'), 'ab') { |file| file.syswrite("#{JSON.generate(line)}\n") }
      ''
    end
  end

  ROUTES = %w[/healthz /admin /admin/users /users/{id} /users/{id}/orders /orders /orders/{id} /files/{path}].freeze
  METHODS = %w[GET HEAD POST PUT DELETE PATCH OPTIONS].freeze
  ROUTES.each do |name|
    pattern = name.sub('{id}', ':id').sub('{path}', '*path')
    METHODS.each do |method|
      route(method, pattern) do
        params_of_path = params.slice('id', 'path').transform_values { |value| Service.latin1([*value].join('/')) }
        tell([{ route: name, params: params_of_path }])
      end
    end
  end
  not_found { tell([]) }
end
