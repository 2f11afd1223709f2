package explain

// Kind is the stable name of a cause, for scripts.
type Kind string

// Changes of the body, named by what happened to the sender's body on its way.
const (
	NewlineAdded       Kind = "body_newline_added"
	NewlineRemoved     Kind = "body_newline_removed"
	SpaceAdded         Kind = "body_whitespace_added"
	LineEnds           Kind = "body_line_ends"
	BOMAdded           Kind = "body_bom_added"
	BOMRemoved         Kind = "body_bom_removed"
	Charset            Kind = "body_charset"
	StillPacked        Kind = "body_still_packed"
	AlreadyUnpacked    Kind = "body_already_unpacked"
	Reformatted        Kind = "body_reformatted" // white space between JSON tokens
	KeyOrder           Kind = "body_key_order"
	UnicodeEscapes     Kind = "body_unicode_escapes"
	SlashEscapes       Kind = "body_slash_escapes"
	OtherEscapes       Kind = "body_escapes" // <, >, & and quotes written as \u003c …
	Numbers            Kind = "body_numbers"
	Reserialised       Kind = "body_reserialised" // several of the five above
	FormRewritten      Kind = "body_form_reencoded"
	FormToJSON         Kind = "body_form_as_json"
	FormField          Kind = "body_form_field"
	FormUnwrapped      Kind = "body_form_unwrapped"
	Truncated          Kind = "body_truncated"
	SignedTruncated    Kind = "body_signed_truncated"
	BytesAppended      Kind = "body_bytes_appended"
	Repeated           Kind = "body_repeated"
	Base64Encoded      Kind = "body_base64"
	HexEncoded         Kind = "body_hex"
	Stringified        Kind = "body_stringified"
	BufferJSON         Kind = "body_buffer_json"
	BytesRepr          Kind = "body_bytes_repr"
	Enveloped          Kind = "body_enveloped"
	HTMLEscaped        Kind = "body_html_escaped"
	BackslashesAdded   Kind = "body_backslashes_added"
	PercentEncoded     Kind = "body_percent_encoded"
	ChunkFraming       Kind = "body_chunk_framing"
	HeadIncluded       Kind = "body_with_head"
	SignedEmpty        Kind = "body_signed_empty"
	SignedEmptyObject  Kind = "body_signed_empty_object"
	ObjectStringified  Kind = "body_object_object" // a hint only: the body is lost
	BodyMissing        Kind = "body_missing"       // a hint only
	UnpackedUnprovable Kind = "body_unpacked"      // a hint only
	CharactersLost     Kind = "body_characters_lost"
)

// Changes of the secret.
const (
	SecretSpace         Kind = "secret_whitespace"
	SecretNewline       Kind = "secret_newline_missing"
	SecretQuotes        Kind = "secret_quotes"
	SecretEscaped       Kind = "secret_escaped"
	SecretCase          Kind = "secret_case"
	SecretPrefixMissing Kind = "secret_prefix_missing"
	SecretPrefixKept    Kind = "secret_prefix_kept"
	SecretNotDecoded    Kind = "secret_not_decoded" // the sender decodes it, the receiver does not
	SecretDecoded       Kind = "secret_decoded"     // the receiver decodes it, the sender does not
	SecretEncoded       Kind = "secret_encoded"
	SecretAssignment    Kind = "secret_assignment" // NAME=value
	SecretLabel         Kind = "secret_label"      // Bearer, SHA256=, v1:
	SecretAPIKey        Kind = "secret_api_key"    // a hint only
	OtherSecret         Kind = "secret_other"
	OtherMode           Kind = "secret_other_mode" // test instead of live, or live instead of test
	OtherEndpoint       Kind = "secret_other_endpoint"
)

// Changes of the message, or of how it is read.
const (
	OtherScheme       Kind = "other_scheme"
	OtherHeader       Kind = "other_header"
	HeadersRenamed    Kind = "headers_renamed"
	HeaderQuoted      Kind = "header_quoted"
	HeaderEncoded     Kind = "header_encoded"
	HeaderTwice       Kind = "header_duplicate"
	SignaturePrefix   Kind = "signature_prefix"
	SignatureEncoding Kind = "signature_encoding"
	OtherHash         Kind = "other_hash"
	TimestampUnit     Kind = "timestamp_unit"
	TimestampOld      Kind = "timestamp_old"
	ClockSkew         Kind = "clock_skew"
	TimeZone          Kind = "time_zone"
	CertificateAge    Kind = "certificate_age"
	ContentWithoutID  Kind = "content_without_id"
	ContentWithoutTS  Kind = "content_without_timestamp"
	ContentWithoutURL Kind = "content_without_url"
	ContentBodyOnly   Kind = "content_body_only"
	ContentSeparator  Kind = "content_separator"
	ContentOrder      Kind = "content_order"
	OtherMethod       Kind = "method_other"
	URLScheme         Kind = "url_scheme"
	URLPort           Kind = "url_port"
	URLHost           Kind = "url_host"
	URLPath           Kind = "url_path"
	URLSlash          Kind = "url_trailing_slash"
	URLQueryOrder     Kind = "url_query_order"
	URLQueryLost      Kind = "url_query"
	URLEncoding       Kind = "url_encoding"
)
