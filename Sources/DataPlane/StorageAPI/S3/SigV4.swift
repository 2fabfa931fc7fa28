import DataPlaneCore
import TokenKit

/// AWS Signature Version 4: how a request is written down and signed.
enum SigV4 {
    static let algorithm = "AWS4-HMAC-SHA256"
    static let unsigned = "UNSIGNED-PAYLOAD"
    static let streaming = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    static let streamingWithTrailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
    static let unsignedWithTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    static let emptyDigest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    /// What a signature is valid for.
    struct Scope: Sendable, Equatable {
        /// Eight digits.
        var date: String
        var region: String
        var service: String

        var text: String { "\(date)/\(region)/\(service)/aws4_request" }
    }

    /// A request as it was sent.
    struct Message: Sendable {
        var method: String
        /// As it was sent, with all that stood before it at the client.
        var path: String
        /// As it was sent.
        var query: String
        var headers: [(name: String, value: String)]

        /// The request in its canonical form.
        ///
        /// - Parameters:
        ///   - signed: names of headers in lower case.
        ///   - payload: the digest of the body, or the word that stands for it.
        func canonical(signed: [String], payload: String) -> String {
            let names = signed.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
            let lines = names.map { name in
                let values = headers.filter { $0.name == name }.map { SigV4.collapsed($0.value) }
                return "\(name):\(values.joined(separator: ","))\n"
            }
            return [
                method, SigV4.path(path), SigV4.query(query), lines.joined(), names.joined(separator: ";"), payload,
            ].joined(separator: "\n")
        }
    }

    /// Each segment encoded once; nothing is taken out.
    private static func path(_ path: String) -> String {
        guard !path.isEmpty else { return "/" }
        return PathCoding.encode(decodedBytes(path), keeping: "/")
    }

    /// Sorted by name and value as they are written; without the signature itself.
    private static func query(_ query: String) -> String {
        let pairs = query.split(separator: "&").map { pair -> (String, String) in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (
                PathCoding.encode(decodedBytes(String(parts[0]))),
                parts.count > 1 ? PathCoding.encode(decodedBytes(String(parts[1]))) : ""
            )
        }
        return pairs.filter { $0.0 != "X-Amz-Signature" }
            .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
            .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    /// A plus sign stands for itself.
    private static func decodedBytes(_ text: String) -> String { PathCoding.decode(text) ?? text }

    /// Without blanks around it, and with one blank for several.
    private static func collapsed(_ value: String) -> String {
        value.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
    }

    /// - Parameter time: as in `X-Amz-Date`.
    static func stringToSign(_ canonical: String, time: String, scope: Scope) throws(StorageError) -> String {
        [algorithm, time, scope.text, try digest(Array(canonical.utf8))].joined(separator: "\n")
    }

    static func signature(_ text: String, secret: KeyBytes, scope: Scope) throws(StorageError) -> String {
        Hex.encode(try tag(text, try signingKey(secret, scope)))
    }

    /// The key of a day, a region and a service.
    static func signingKey(_ secret: KeyBytes, _ scope: Scope) throws(StorageError) -> KeyBytes {
        var key = KeyBytes(Array("AWS4".utf8) + secret.reveal())
        for text in [scope.date, scope.region, scope.service, "aws4_request"] { key = KeyBytes(try tag(text, key)) }
        return key
    }

    static func tag(_ text: String, _ key: KeyBytes) throws(StorageError) -> [UInt8] {
        do throws(TokenError) { return try Digest.hmacSHA256(Array(text.utf8), key: key) } catch {
            throw .unexpected("\(error)")
        }
    }

    static func digest(_ bytes: [UInt8]) throws(StorageError) -> String {
        do throws(TokenError) { return Hex.encode(try Digest.sha256(bytes)) } catch { throw .unexpected("\(error)") }
    }
}
