import DataPlaneCore
import FoundationEssentials
import TokenKit

@testable import StorageAPI

extension StorageFixture {
    static let s3Key = (id: "supa-access-key", secret: "supa-secret-key-0123456789")

    /// How a body is sent.
    enum Payload {
        case signed
        case unsigned
        case chunks(signed: Bool, trailer: Bool)
    }

    /// Asks the S3 endpoint with a signature of its own.
    func s3(
        _ method: String, _ target: String, key: (id: String, secret: String) = s3Key,
        headers: [(name: String, value: String)] = [], body: [UInt8] = [], payload: Payload = .signed,
        change: (inout [(name: String, value: String)], inout [UInt8]) -> Void = { _, _ in }
    ) async throws -> Answer {
        let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        let time = Self.time(service.clock())
        let scope = SigV4.Scope(date: String(time.prefix(8)), region: "us-east-1", service: "s3")
        var all = headers + [("host", "127.0.0.1:5000"), ("x-amz-date", time)]
        let digest: String
        switch payload {
        case .signed: digest = try SigV4.digest(body)
        case .unsigned: digest = SigV4.unsigned
        case .chunks(true, let trailer): digest = trailer ? SigV4.streamingWithTrailer : SigV4.streaming
        case .chunks(false, _): digest = SigV4.unsignedWithTrailer
        }
        all.append(("x-amz-content-sha256", digest))
        if case .chunks = payload { all.append(("x-amz-decoded-content-length", String(body.count))) }
        let query = parts.count > 1 ? parts[1] : ""
        let signed = all.map(\.name)
        let message = SigV4.Message(method: method, path: "/storage/v1/s3" + parts[0], query: query, headers: all)
        let text = try SigV4.stringToSign(message.canonical(signed: signed, payload: digest), time: time, scope: scope)
        let secret = KeyBytes(Array(key.secret.utf8))
        let signature = try SigV4.signature(text, secret: secret, scope: scope)
        let credential = "\(key.id)/\(scope.text)"
        all.append(
            (
                "authorization",
                "\(SigV4.algorithm) Credential=\(credential), SignedHeaders=\(signed.joined(separator: ";")), Signature=\(signature)"
            ))
        var sent = body
        if case .chunks(let isSigned, let trailer) = payload {
            let signer = ChunkedPayload.Signer(
                key: try SigV4.signingKey(secret, scope), scope: scope, time: time, previous: signature)
            sent = try Self.framed(body, signer: isSigned ? signer : nil, hasTrailer: trailer)
        }
        change(&all, &sent)
        return try await ask(method, "/s3" + target, token: "", headers: all, body: sent, pieces: 1_000)
    }

    /// The time as `X-Amz-Date` has it.
    static func time(_ seconds: Double) -> String {
        HTTPDate.iso(seconds).filter { $0 != "-" && $0 != ":" }.replacing(#/\.\d+Z/#, with: "Z")
    }

    private static func framed(
        _ body: [UInt8], signer: ChunkedPayload.Signer?, hasTrailer: Bool
    ) throws -> [UInt8] {
        var framed: [UInt8] = []
        var previous = signer?.previous ?? ""
        func sign(_ kind: String, _ parts: [String]) throws -> String {
            guard let signer else { return "" }
            previous = Hex.encode(
                try SigV4.tag(
                    ([kind, signer.time, signer.scope.text, previous] + parts).joined(separator: "\n"), signer.key))
            return previous
        }
        let chunks =
            stride(from: 0, to: body.count, by: 8_192).map { Array(body[$0..<min(body.count, $0 + 8_192)]) } + [[]]
        for chunk in chunks {
            let signature = try sign("AWS4-HMAC-SHA256-PAYLOAD", [SigV4.emptyDigest, try SigV4.digest(chunk)])
            let suffix = signer == nil ? "" : ";chunk-signature=\(signature)"
            framed += Array("\(String(chunk.count, radix: 16))\(suffix)\r\n".utf8) + chunk
            if !chunk.isEmpty { framed += [13, 10] }
        }
        if hasTrailer {
            framed += Array("x-amz-checksum-crc32:AAAAAA==\r\n".utf8)
            if signer != nil {
                let digest = try SigV4.digest(Array("x-amz-checksum-crc32:AAAAAA==\n".utf8))
                framed += Array("x-amz-trailer-signature:\(try sign("AWS4-HMAC-SHA256-TRAILER", [digest]))\r\n".utf8)
            }
        }
        return framed + [13, 10]
    }
}
