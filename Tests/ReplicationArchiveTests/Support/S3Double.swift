import BackupModel
import HTTPStub
import Synchronization
import TokenKit

/// A bucket behind the S3 API, in memory. It computes every signature itself (AWS Signature Version 4) and refuses what
/// is not signed with its key, as it refuses a body that is not the signed one.
final class S3Double: Sendable {
    private struct State {
        var objects: [String: [UInt8]] = [:]
        var uploads: [String: (key: String, parts: [Int: [UInt8]])] = [:]
        var busyAnswers = 0
    }

    static let region = "eu-test-1"
    static let bucket = "backups"
    static let pageMax = 100
    private static let date = "2026-11-30T10:00:00.000Z"

    let keyID = "KEY-ID"
    let secret = "a/secret+of the double"
    private let state = Mutex(State())

    /// The next requests are answered with 503, so many of them.
    func beBusy(_ count: Int) { state.withLock { $0.busyAnswers = count } }

    var names: [String] { state.withLock { $0.objects.keys.sorted() } }
    var uploads: Int { state.withLock(\.uploads.count) }

    func settings(port: Int, prefix: String = "some/prefix/", secret: String? = nil) -> S3StoreSettings {
        S3StoreSettings(
            endpoint: "http://127.0.0.1:\(port)", region: Self.region, bucket: Self.bucket, prefix: prefix,
            accessKeyID: keyID, secretAccessKey: secret ?? self.secret)
    }

    func answer(_ request: StubRequest) -> [StubStep] {
        guard isSigned(request) else { return Self.failure(403, "SignatureDoesNotMatch", to: request) }
        return state.withLock { state in
            if state.busyAnswers > 0 {
                state.busyAnswers -= 1
                return Self.failure(503, "SlowDown", to: request)
            }
            let root = "/\(Self.bucket)"
            guard request.path == root || request.path.hasPrefix(root + "/") else {
                return Self.failure(404, "NoSuchBucket", to: request)
            }
            let key = String(request.path.dropFirst(root.count + 1))
            return key.isEmpty ? Self.bucket(request, &state) : Self.object(key, for: request, &state)
        }
    }

    // MARK: Signatures

    private func isSigned(_ request: StubRequest) -> Bool {
        var claims: [String: String] = [:]
        for word in (request.headers["authorization"] ?? "").split(whereSeparator: { $0 == " " || $0 == "," }) {
            let pair = word.split(separator: "=", maxSplits: 1).map(String.init)
            if pair.count == 2 { claims[pair[0]] = pair[1] }
        }
        let scope = (claims["Credential"] ?? "").split(separator: "/").map(String.init)
        guard scope.count == 5, scope[0] == keyID, scope[2] == Self.region, scope[3] == "s3",
            let signed = claims["SignedHeaders"], let payload = request.headers["x-amz-content-sha256"],
            let time = request.headers["x-amz-date"], time.hasPrefix(scope[1]),
            payload == Self.digest(request.body)
        else { return false }
        let query = request.target.split(separator: "?", maxSplits: 1).dropFirst().first.map(String.init) ?? ""
        let pairs = query.split(separator: "&").map { $0.contains("=") ? String($0) : $0 + "=" }.sorted()
        let names = signed.split(separator: ";").map(String.init)
        guard names.contains("host"), names.contains("x-amz-date") else { return false }
        let lines = names.map { "\($0):\(request.headers[$0] ?? "")\n" }.joined()
        let canonical = [
            request.method, request.path, pairs.joined(separator: "&"), lines, signed, payload,
        ].joined(separator: "\n")
        let text = [
            "AWS4-HMAC-SHA256", time, scope.dropFirst().joined(separator: "/"), Self.digest(Array(canonical.utf8)),
        ].joined(separator: "\n")
        var key = Array("AWS4\(secret)".utf8)
        for part in scope.dropFirst() { key = Self.tag(part, key) }
        return Hex.encode(Self.tag(text, key)) == claims["Signature"]
    }

    private static func digest(_ bytes: [UInt8]) -> String { (try? Digest.sha256(bytes)).map(Hex.encode) ?? "" }

    private static func tag(_ text: String, _ key: [UInt8]) -> [UInt8] {
        (try? Digest.hmacSHA256(Array(text.utf8), key: KeyBytes(key))) ?? []
    }

    // MARK: Answers

    private static func bucket(_ request: StubRequest, _ state: inout State) -> [StubStep] {
        let prefix = request.query("prefix") ?? ""
        if request.query("uploads") != nil {
            let found = state.uploads.filter { $0.value.key.hasPrefix(prefix) }.map {
                "<Upload><Key>\($0.value.key)</Key><UploadId>\($0.key)</UploadId><Initiated>\(date)</Initiated></Upload>"
            }
            return xml("<ListMultipartUploadsResult>\(found.joined())</ListMultipartUploadsResult>")
        }
        let after = request.query("continuation-token") ?? ""
        let keys = state.objects.keys.filter { $0.hasPrefix(prefix) && $0 > after }.sorted()
        let page = keys.prefix(pageMax)
        let entries = page.map { key in
            "<Contents><Key>\(key)</Key><Size>\(state.objects[key]?.count ?? 0)</Size>"
                + "<LastModified>\(date)</LastModified></Contents>"
        }
        let next = page.count < keys.count ? "<NextContinuationToken>\(page.last ?? "")</NextContinuationToken>" : ""
        return xml("<ListBucketResult>\(entries.joined())\(next)</ListBucketResult>")
    }

    private static func object(_ key: String, for request: StubRequest, _ state: inout State) -> [StubStep] {
        let upload = request.query("uploadId")
        switch (request.method, upload) {
        case ("POST", nil):
            let id = "u\(state.uploads.count + 1)-\(UInt32.random(in: 0 ... .max))"
            state.uploads[id] = (key, [:])
            return xml("<InitiateMultipartUploadResult><UploadId>\(id)</UploadId></InitiateMultipartUploadResult>")
        case ("PUT", let id?):
            guard state.uploads[id] != nil, let number = request.query("partNumber").flatMap({ Int($0) }) else {
                return failure(404, "NoSuchUpload", to: request)
            }
            state.uploads[id]?.parts[number] = request.body
            return [.response(200, "", headers: ["ETag: \"\(digest(request.body))\""])]
        case ("POST", let id?):
            guard let parts = state.uploads.removeValue(forKey: id)?.parts.sorted(by: { $0.key < $1.key }),
                parts.dropLast().allSatisfy({ $0.value.count >= 5 << 20 }),
                parts.allSatisfy({ request.bodyText.contains(digest($0.value)) })
            else { return failure(404, "NoSuchUpload", to: request) }
            state.objects[key] = parts.flatMap(\.value)
            return xml("<CompleteMultipartUploadResult></CompleteMultipartUploadResult>")
        case ("DELETE", let id?):
            state.uploads[id] = nil
            return [.response(204)]
        case ("PUT", nil):
            state.objects[key] = request.body
            return [.response(200, "", headers: ["ETag: \"\(digest(request.body))\""])]
        case ("DELETE", nil):
            state.objects[key] = nil
            return [.response(204)]
        default:
            guard let bytes = state.objects[key] else { return failure(404, "NoSuchKey", to: request) }
            let head = StubStep.head(200, headers: ["Content-Length: \(bytes.count)"])
            return request.method == "HEAD" ? [head] : [head, .send(bytes)]
        }
    }

    private static func xml(_ text: String) -> [StubStep] {
        [.response(200, text, headers: ["Content-Type: application/xml"])]
    }

    private static func failure(_ status: Int, _ code: String, to request: StubRequest) -> [StubStep] {
        if request.method == "HEAD" { return [.head(status, headers: ["Content-Length: 0"])] }
        return [.response(status, "<Error><Code>\(code)</Code></Error>", headers: ["Content-Type: application/xml"])]
    }
}
