# Judges vectors with receivers for Rails, with as much of Rails as they use: a JSON list on stdin, one status a line on stdout.
require "json"
require "openssl"
require "time"
require "uri"

class Integer
  def megabyte = self << 20
  def days = self * 86_400
end

class String
  def presence = empty? ? nil : self
end

class NilClass
  def presence = nil
end

module ActiveSupport
  module SecurityUtils
    def self.secure_compare(a, b) = a.bytesize == b.bytesize && OpenSSL.fixed_length_secure_compare(a, b)
  end
end

module Rails
  def self.logger = self
  def self.info(_) = nil
  def self.cache = self
  def self.write(*, **) = true
end

Request = Struct.new(:headers, :raw_post) do
  def content_length = raw_post.bytesize
end

class Headers < Hash
  def [](name) = find { |key, _| key.casecmp?(name) }&.last
end

module ActionController
  class API
    attr_accessor :request, :status

    def head(status) = self.status = status
  end
end

clock = nil
Time.define_singleton_method(:now) { Time.at(clock) }
JSON.parse($stdin.read).each do |v|
  ENV["SECRET"], ENV["WEBHOOK_URL"], clock = v["secret"], v["url"], v["now"]
  sandbox = Module.new
  sandbox.module_eval(File.read(v["file"]), v["file"])
  controller = sandbox::WebhooksController.new
  controller.request = Request.new(Headers[v["headers"]], v["body"].unpack1("m"))
  controller.create
  puts controller.status
rescue OpenSSL::PKey::PKeyError
  puts "no key"
end
