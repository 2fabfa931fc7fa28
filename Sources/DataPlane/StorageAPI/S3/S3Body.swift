import DataPlaneCore
import TokenKit

/// The bytes of an object as S3's clients send them: without the framing, and checked as far as they are signed.
///
/// Not `Sendable`: it belongs to the task that answers the request.
final class S3Body {
    private let body: ServiceBody
    private let payload: String
    private var chunks: ChunkedPayload?
    private let digest: RunningDigest?
    /// Bytes of the object; nil where they are not announced.
    let length: Int?

    init(_ body: ServiceBody, of http: ServiceRequest, signed authorization: S3Authorization) throws {
        self.body = body
        payload = authorization.payload
        let declared = { (name: String) in http.header(name).flatMap { Int($0) } }
        switch payload {
        case SigV4.streaming, SigV4.streamingWithTrailer, SigV4.unsignedWithTrailer:
            let signer = ChunkedPayload.Signer(
                key: authorization.signingKey, scope: authorization.scope, time: authorization.time,
                previous: authorization.signature)
            chunks = ChunkedPayload(
                signer: payload == SigV4.unsignedWithTrailer ? nil : signer, hasTrailer: payload != SigV4.streaming)
            guard let length = declared("x-amz-decoded-content-length") else {
                throw StorageError.missingParameter("x-amz-decoded-content-length")
            }
            self.length = length
            digest = nil
        default:
            length = declared("content-length")
            digest = payload == SigV4.unsigned ? nil : try RunningDigest(.sha256)
        }
    }

    private var count = 0

    /// The next bytes; nil at the end, when all was checked.
    func next() async throws -> [UInt8]? {
        while let piece = try await body.next() {
            let bytes = try chunks?.take(piece) ?? piece
            try digest?.update(bytes)
            count += bytes.count
            if !bytes.isEmpty { return bytes }
        }
        try chunks?.finish()
        if chunks != nil, count != length {
            throw StorageError(400, code: "IncompleteBody", message: "The body has another length than announced")
        }
        if let digest, Hex.encode(try digest.finish()) != payload {
            throw StorageError(
                400, code: "XAmzContentSHA256Mismatch",
                message: "The provided 'x-amz-content-sha256' header does not match what was computed.")
        }
        return nil
    }

    /// The whole of a small body.
    func whole() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try await next() {
            bytes += piece
            guard bytes.count <= StorageConfiguration.jsonBytesMax else { throw StorageError.tooLarge }
        }
        return bytes
    }
}
