import BackupModel
import CurlKit
import ProjectModel
import TokenKit

/// AWS Signature Version 4 in the header of a request whose body is in memory. libcurl's own signer is not used: the one
/// of Debian 12 (7.88) signs fields that are not sent, and leaves the body's digest out of what is sent.
struct S3Signer {
    private static let algorithm = "AWS4-HMAC-SHA256"
    private static let signed = "host;x-amz-content-sha256;x-amz-date"

    let settings: S3StoreSettings

    /// The fields that are sent with a request.
    ///
    /// - Parameters:
    ///   - request: Its query is sorted by name, each name has a `=`, and all is encoded as it is signed.
    ///   - time: Servers accept some minutes before and after their own.
    func headers(
        of request: HTTPRequest, at time: Timestamp
    ) throws(BackupError) -> [(name: String, value: String)] {
        do throws(TokenError) { return try fields(request, Self.text(time)) } catch {
            throw .store("\(settings): a request cannot be signed: \(error)")
        }
    }

    private func fields(
        _ request: HTTPRequest, _ time: String
    ) throws(TokenError) -> [(name: String, value: String)] {
        let payload = Hex.encode(try Digest.sha256(request.body))
        let place = Self.place(request.url)
        let canonical = [
            request.method, place.path, place.query,
            "host:\(place.host)\nx-amz-content-sha256:\(payload)\nx-amz-date:\(time)\n", Self.signed, payload,
        ].joined(separator: "\n")
        let day = String(time.prefix(8))
        let scope = [day, settings.region, "s3", "aws4_request"]
        let digest = Hex.encode(try Digest.sha256(Array(canonical.utf8)))
        let text = [Self.algorithm, time, scope.joined(separator: "/"), digest].joined(separator: "\n")
        var key = KeyBytes(Array("AWS4\(settings.secretAccessKey)".utf8))
        for part in scope { key = KeyBytes(try Digest.hmacSHA256(Array(part.utf8), key: key)) }
        let signature = Hex.encode(try Digest.hmacSHA256(Array(text.utf8), key: key))
        let credential = "\(settings.accessKeyID)/\(scope.joined(separator: "/"))"
        return [
            ("x-amz-content-sha256", payload), ("x-amz-date", time),
            (
                "Authorization",
                "\(Self.algorithm) Credential=\(credential), SignedHeaders=\(Self.signed), Signature=\(signature)"
            ),
        ]
    }

    /// Such as `20261130T100000Z`.
    private static func text(_ time: Timestamp) -> String {
        MomentText.utc(time).prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
    }

    /// The host as the client names it, without a scheme's own port; path and query as they are sent.
    static func place(_ url: String) -> (host: String, path: String, query: String) {
        let isPlain = url.hasPrefix("http://")
        let rest = url.dropFirst(isPlain ? "http://".count : "https://".count)
        var host = rest.prefix { $0 != "/" && $0 != "?" }
        let target = rest.dropFirst(host.count)
        let path = target.prefix { $0 != "?" }
        let standardPort = isPlain ? ":80" : ":443"
        if host.hasSuffix(standardPort) { host = host.dropLast(standardPort.count) }
        return (String(host), path.isEmpty ? "/" : String(path), String(target.dropFirst(path.count + 1)))
    }
}
