# Serves a controller as a Rails application under Puma: rails.rb FILE
require "logger"
require "action_controller/railtie"
require "puma"
require "puma/server"

class Receiver < Rails::Application
  config.root = File.dirname(ARGV[0])
  config.eager_load = false
  config.consider_all_requests_local = false
  config.hosts.clear
  config.secret_key_base = "not used"
  config.cache_store = :memory_store
  config.logger = Logger.new($stdout)
  config.log_level = :info
end

$stdout.sync = true
Rails.application.initialize!
load ARGV[0]
Rails.application.routes.draw { match "*path", to: "webhooks#create", via: :all }

server = Puma::Server.new(Rails.application)
port = server.add_tcp_listener("127.0.0.1", 0).addr[1]
thread = server.run
puts "listening on port #{port}"
thread.join
