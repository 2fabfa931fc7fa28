public import BackupModel
public import CurlKit
import FoundationEssentials
public import ProjectModel

/// Objects of a bucket behind the S3 API, addressed by path; larger ones in parts of ``partBytes``.
public final class S3Store: ObjectStore {
    /// Bytes of a part; S3 wants 5 MiB at least of all but the last.
    static let partBytes = 8 << 20
    /// S3's own limit: with parts of 8 MiB, objects of 78 GiB.
    static let partsMax = 10_000
    static let attemptsMax = 4
    private static let pause = Duration.milliseconds(250)
    private static let partTimeout = Duration.seconds(600)
    private static let idleTimeout = Duration.seconds(60)
    private static let listPagesMax = 10_000

    let settings: S3StoreSettings
    private let client: HTTPClient

    /// - Throws: ``BackupError/invalid(_:)`` for settings that no bucket can have.
    public init(_ settings: S3StoreSettings, client: HTTPClient) throws(BackupError) {
        try Self.check(settings)
        self.settings = settings
        self.client = client
    }

    /// Throws ``BackupError/invalid(_:)`` for settings that no bucket can have.
    public static func check(_ settings: S3StoreSettings) throws(BackupError) {
        let isSafe = (settings.bucket + settings.prefix).utf8.allSatisfy {
            Self.unreserved.contains($0) || $0 == UInt8(ascii: "/")
        }
        let isURL = settings.endpoint.hasPrefix("https://") || settings.endpoint.hasPrefix("http://")
        guard isURL, isSafe, !settings.bucket.isEmpty, !settings.region.isEmpty,
            settings.prefix.isEmpty || settings.prefix.hasSuffix("/")
        else {
            throw .invalid(
                "an S3 store needs an endpoint with http:// or https://, a region, a bucket, and a prefix that is empty "
                    + "or ends with /")
        }
    }

    public func write(_ name: String) async throws(BackupError) -> any ObjectWriter {
        S3Writer(store: self, key: settings.prefix + name)
    }

    public func read(_ name: String) async throws(BackupError) -> (any ObjectReader)? {
        var request = request("GET", settings.prefix + name)
        request.idleTimeout = Self.idleTimeout
        let stream: HTTPResponseStream
        let signed = try signed(request)
        do throws(HTTPTransportError) { stream = try await client.stream(signed) } catch { throw failure(error) }
        if stream.head.status == 404 { return nil }
        guard stream.head.status == 200 else { throw failure(status: stream.head.status, of: "GET") }
        return S3Reader(stream: stream, store: self)
    }

    public func size(of name: String) async throws(BackupError) -> Int64? {
        let response = try await send(request("HEAD", settings.prefix + name), accepting: [200, 404])
        return response.status == 404 ? nil : response.headers["content-length"].flatMap { Int64($0) }
    }

    public func list(_ prefix: String) async throws(BackupError) -> [StoredObject] {
        var (objects, token): ([StoredObject], String?) = ([], nil)
        for _ in 0..<Self.listPagesMax {
            var query = ["list-type": "2", "prefix": settings.prefix + prefix]
            query["continuation-token"] = token
            let text = String(decoding: try await send(request("GET", "", query: query)).body, as: UTF8.self)
            for entry in S3Text.elements("Contents", of: text) {
                guard let key = S3Text.element("Key", of: entry), key.hasPrefix(settings.prefix),
                    let bytes = S3Text.element("Size", of: entry).flatMap({ Int64($0) }),
                    let modified = S3Text.element("LastModified", of: entry).flatMap(S3Text.time)
                else { throw .store("\(settings): a list of objects cannot be read") }
                let name = String(key.dropFirst(settings.prefix.count))
                objects.append(StoredObject(name: name, bytes: bytes, modified: modified))
            }
            token = S3Text.element("NextContinuationToken", of: text)
            if token == nil { return objects.sorted { $0.name < $1.name } }
        }
        throw .store("\(settings): a list of objects has no end")
    }

    public func remove(_ name: String) async throws(BackupError) {
        _ = try await send(request("DELETE", settings.prefix + name), accepting: [200, 204, 404])
    }

    public func removeUnfinished(_ prefix: String, before time: Timestamp) async throws(BackupError) {
        let query = ["prefix": settings.prefix + prefix, "uploads": ""]
        let text = String(decoding: try await send(request("GET", "", query: query)).body, as: UTF8.self)
        for entry in S3Text.elements("Upload", of: text) {
            guard let key = S3Text.element("Key", of: entry), let id = S3Text.element("UploadId", of: entry),
                let begun = S3Text.element("Initiated", of: entry).flatMap(S3Text.time), begun < time
            else { continue }
            _ = try await send(request("DELETE", key, query: ["uploadId": id]), accepting: [200, 204, 404])
        }
    }
}

extension S3Store {
    private static let unreserved = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)

    /// A request for a key; with an empty key for the bucket. It is signed when it is sent.
    func request(_ method: String, _ key: String, query: [String: String] = [:]) -> HTTPRequest {
        let pairs = query.sorted { $0.key < $1.key }.map { "\($0.key)=\(Self.encoded($0.value))" }
        let base = settings.endpoint.hasSuffix("/") ? String(settings.endpoint.dropLast()) : settings.endpoint
        let path = "\(base)/\(settings.bucket)" + (key.isEmpty ? "" : "/" + key)
        var request = HTTPRequest(
            method: method, url: path + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")), lane: .long)
        request.totalTimeout = method == "GET" && query.isEmpty ? nil : Self.partTimeout
        request.idleTimeout = Self.idleTimeout
        return request
    }

    private func signed(_ request: HTTPRequest) throws(BackupError) -> HTTPRequest {
        var signed = request
        let now = Timestamp(milliseconds: WallClock.now)
        signed.headers += try S3Signer(settings: settings).headers(of: request, at: now)
        return signed
    }

    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            if unreserved.contains(byte) { return String(UnicodeScalar(byte)) }
            let digits = String(byte, radix: 16, uppercase: true)
            return "%" + (digits.count < 2 ? "0" : "") + digits
        }.joined()
    }

    /// Sends a request, and again while the store is busy or away: all of them can be repeated.
    func send(
        _ request: HTTPRequest, accepting statuses: Set<Int> = [200, 204]
    ) async throws(BackupError) -> HTTPResponse {
        var pause = Self.pause
        var attempt = 1
        while true {
            let failure: BackupError
            // Each attempt has a time of its own.
            switch await attempted(try signed(request)) {
            case .success(let response) where statuses.contains(response.status): return response
            case .success(let response):
                failure = self.failure(status: response.status, of: request.method, response.body)
                guard response.status >= 500 || response.status == 429 else { throw failure }
            case .failure(let error):
                failure = self.failure(error)
                guard error.code != .cancelled else { throw failure }
            }
            guard attempt < Self.attemptsMax else { throw failure }
            do { try await Task.sleep(for: pause) } catch { throw .cancelled }
            (attempt, pause) = (attempt + 1, pause * 2)
        }
    }

    private func attempted(_ request: HTTPRequest) async -> Result<HTTPResponse, HTTPTransportError> {
        do throws(HTTPTransportError) { return .success(try await client.send(request)) } catch {
            return .failure(error)
        }
    }

    func failure(_ error: HTTPTransportError) -> BackupError {
        error.code == .cancelled ? .cancelled : .store("\(settings): \(error)")
    }

    private func failure(status: Int, of method: String, _ body: [UInt8] = []) -> BackupError {
        let code = S3Text.element("Code", of: String(decoding: body.prefix(4_096), as: UTF8.self)) ?? "no code"
        return .store("\(settings): \(method) was answered with \(status), \(code)")
    }
}

/// Collects a part in memory; what fits into one is put at once.
private actor S3Writer: ObjectWriter {
    private let store: S3Store
    private let key: String
    private var buffer: [UInt8] = []
    private var upload: String?
    private var tags: [String] = []

    init(store: S3Store, key: String) { (self.store, self.key) = (store, key) }

    func append(_ bytes: [UInt8]) async throws(BackupError) {
        buffer += bytes
        while buffer.count > S3Store.partBytes {
            let part = Array(buffer.prefix(S3Store.partBytes))
            buffer.removeFirst(S3Store.partBytes)
            try await put(part)
        }
    }

    func finish() async throws(BackupError) {
        guard let upload else {
            var request = store.request("PUT", key)
            request.body = buffer
            _ = try await store.send(request)
            buffer = []
            return
        }
        try await put(buffer)
        buffer = []
        var request = store.request("POST", key, query: ["uploadId": upload])
        let parts = tags.enumerated().map {
            "<Part><PartNumber>\($0.offset + 1)</PartNumber><ETag>\($0.element)</ETag></Part>"
        }
        request.body = Array("<CompleteMultipartUpload>\(parts.joined())</CompleteMultipartUpload>".utf8)
        let answer = String(decoding: try await store.send(request).body, as: UTF8.self)
        // S3 can answer 200 and fail afterwards.
        guard S3Text.element("Code", of: answer) == nil, answer.contains("CompleteMultipartUploadResult") else {
            throw .store("\(store.settings): the parts of an object were not put together")
        }
    }

    func abandon() async {
        guard let upload else { return }
        // What is left is removed later, by the list of unfinished uploads.
        _ = try? await store.send(
            store.request("DELETE", key, query: ["uploadId": upload]), accepting: [200, 204, 404])
    }

    private func put(_ part: [UInt8]) async throws(BackupError) {
        guard tags.count < S3Store.partsMax else {
            throw .store("\(store.settings): an object has more than \(S3Store.partsMax) parts")
        }
        let id = try await uploadID()
        var request = store.request("PUT", key, query: ["partNumber": "\(tags.count + 1)", "uploadId": id])
        request.body = part
        guard let tag = try await store.send(request).headers["etag"] else {
            throw .store("\(store.settings): a part was answered without an ETag")
        }
        tags.append(tag)
    }

    private func uploadID() async throws(BackupError) -> String {
        if let upload { return upload }
        let answer = try await store.send(store.request("POST", key, query: ["uploads": ""]))
        guard let id = S3Text.element("UploadId", of: String(decoding: answer.body, as: UTF8.self)) else {
            throw .store("\(store.settings): an upload in parts was answered without a number")
        }
        upload = id
        return id
    }
}

private struct S3Reader: ObjectReader {
    let stream: HTTPResponseStream
    let store: S3Store

    func next() async throws(BackupError) -> [UInt8]? {
        // An iterator reads from where the body stands.
        var iterator = stream.makeAsyncIterator()
        do throws(HTTPTransportError) { return try await iterator.next(isolation: nil) } catch {
            throw store.failure(error)
        }
    }
}

/// The little of XML that S3 answers with.
enum S3Text {
    static func elements(_ name: String, of text: String) -> [String] {
        text.split(separator: "<\(name)>", omittingEmptySubsequences: false).dropFirst().compactMap { part in
            part.firstRange(of: "</\(name)>").map { String(part[..<$0.lowerBound]) }
        }
    }

    static func element(_ name: String, of text: String) -> String? {
        elements(name, of: text).first.map { value in
            [("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&apos;", "'"), ("&#34;", "\""), ("&amp;", "&")]
                .reduce(value) { text, pair in
                    text.split(separator: pair.0, omittingEmptySubsequences: false).joined(separator: pair.1)
                }
        }
    }

    /// Such as `2026-11-30T10:00:00.000Z`.
    static func time(_ text: String) -> Timestamp? {
        let styles = [true, false].map { Date.ISO8601FormatStyle(includingFractionalSeconds: $0) }
        return styles.lazy.compactMap { try? $0.parse(text) }.first.map {
            Timestamp(milliseconds: Int64($0.timeIntervalSince1970 * 1_000))
        }
    }
}
