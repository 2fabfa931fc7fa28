import FoundationEssentials

/// One request to a Management API, before it has an address and a token.
struct APICall: Sendable {
    let method: String
    /// Path, percent-encoded, beginning with a slash.
    let path: String
    let query: [(name: String, value: String)]
    let body: [UInt8]
    /// Of the body, where there is one.
    var contentType = "application/json"
    /// Longest time for one try.
    var deadline: Duration = .seconds(45)
    /// Whether it has an `Idempotency-Key`. Sign-in has none: its response is a secret that must not be stored.
    var isKeyed = true

    private init(_ method: String, path: [String], query: [(String, String)], body: [UInt8]) {
        self.method = method
        self.path = "/" + path.map(Self.encoded).joined(separator: "/")
        self.query = query.map { (name: $0.0, value: $0.1) }
        self.body = body
    }

    static func get(_ path: String..., query: [(String, String)] = []) -> APICall {
        APICall("GET", path: path, query: query, body: [])
    }

    static func delete(_ path: String..., query: [(String, String)] = []) -> APICall {
        APICall("DELETE", path: path, query: query, body: [])
    }

    static func post(_ path: String..., query: [(String, String)] = []) -> APICall {
        APICall("POST", path: path, query: query, body: [])
    }

    static func post(
        _ path: String..., query: [(String, String)] = [], json: some Encodable
    ) throws(ClientError) -> APICall {
        do {
            return APICall("POST", path: path, query: query, body: Array(try JSONEncoder().encode(json)))
        } catch { throw .failed("the request cannot be written as JSON") }
    }

    static func post(
        _ path: String..., query: [(String, String)], body: [UInt8], contentType: String
    ) -> APICall {
        var call = APICall("POST", path: path, query: query, body: body)
        call.contentType = contentType
        return call
    }

    static func patch(_ path: String..., json: some Encodable) throws(ClientError) -> APICall {
        do {
            return APICall("PATCH", path: path, query: [], body: Array(try JSONEncoder().encode(json)))
        } catch { throw .failed("the request cannot be written as JSON") }
    }

    static func delete(_ path: String..., json: some Encodable) throws(ClientError) -> APICall {
        do {
            return APICall("DELETE", path: path, query: [], body: Array(try JSONEncoder().encode(json)))
        } catch { throw .failed("the request cannot be written as JSON") }
    }

    static func put(_ path: String..., json: some Encodable) throws(ClientError) -> APICall {
        do {
            return APICall("PUT", path: path, query: [], body: Array(try JSONEncoder().encode(json)))
        } catch { throw .failed("the request cannot be written as JSON") }
    }

    /// The same without an `Idempotency-Key`.
    var unkeyed: APICall {
        var call = self
        call.isKeyed = false
        return call
    }

    /// Path and query, percent-encoded.
    var target: String {
        if query.isEmpty { return path }
        return path + "?" + query.map { "\(Self.encoded($0.name))=\(Self.encoded($0.value))" }.joined(separator: "&")
    }

    var kind: RetryPolicy.Kind { method == "GET" ? .read : isKeyed ? .keyedChange : .change }

    /// Everything but the unreserved characters of RFC 3986 §2.3 in percent-encoding.
    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        let marks = Array("-._~".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: bytes.append(byte)
            case _ where marks.contains(byte): bytes.append(byte)
            default: bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
