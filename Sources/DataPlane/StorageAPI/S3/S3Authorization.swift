import DataPlaneCore
import TokenKit

/// Who signed a request of S3, checked.
struct S3Authorization: Sendable {
    /// How far the clocks of client and server may be apart, in seconds.
    static let skewSeconds = 900.0
    /// Longest life of a presigned address, in seconds.
    static let presignedSecondsMax = 604_800.0

    var caller: Caller
    /// The digest of the body, or the word that stands for it.
    var payload: String
    /// Signs the pieces of a body.
    var signingKey: KeyBytes
    var scope: SigV4.Scope
    /// As in `X-Amz-Date`.
    var time: String
    /// What the first piece's signature stands on.
    var signature: String

    /// The parts of a request that say how it is signed.
    private struct Claim {
        var keyID: String
        var scope: SigV4.Scope
        var signed: [String]
        var signature: String
        var time: String
        var seconds: Double
        var expires: Double?
        var payload: String
    }

    /// Checks a request. Nothing of a secret is in an error.
    init(_ service: StorageService, _ http: ServiceRequest) async throws {
        let claim = try Self.claim(http)
        let now = service.clock()
        if let expires = claim.expires {
            guard now <= claim.seconds + expires else { throw StorageError.s3Expired }
            guard claim.seconds <= now + Self.skewSeconds else { throw StorageError.s3Skew }
        } else if abs(now - claim.seconds) > Self.skewSeconds {
            throw StorageError.s3Skew
        }
        let unsigned = http.headers.first { $0.name.hasPrefix("x-amz-") && !claim.signed.contains($0.name) }
        guard claim.signed.contains("host"), unsigned == nil else { throw StorageError.s3Unsigned }
        let (secret, caller) = try await Self.key(claim.keyID, of: service, for: http)
        let message = SigV4.Message(
            method: http.method, path: service.configuration.publicPath + http.path, query: http.query,
            headers: http.headers)
        let text = try SigV4.stringToSign(
            message.canonical(signed: claim.signed, payload: claim.payload), time: claim.time, scope: claim.scope)
        let signingKey = try SigV4.signingKey(secret, claim.scope)
        let expected = Hex.encode(try SigV4.tag(text, signingKey))
        guard constantTimeEqual(Array(expected.utf8), Array(claim.signature.utf8)) else {
            throw StorageError.s3Signature
        }
        self.caller = caller
        payload = claim.payload
        self.signingKey = signingKey
        scope = claim.scope
        time = claim.time
        signature = claim.signature
    }

    // MARK: Keys

    private static func key(
        _ id: String, of service: StorageService, for http: ServiceRequest
    ) async throws -> (KeyBytes, Caller) {
        let configuration = service.configuration
        if let token = http.header("x-amz-security-token") ?? query(http, "X-Amz-Security-Token") {
            guard let key = configuration.sessionKey, key.id == id else { throw StorageError.s3KeyID }
            do throws(TokenRefusal) {
                return (key.secret, try service.caller(session: token))
            } catch { throw StorageError.s3Token }
        }
        guard let secret = try await service.secret(ofKey: id) else { throw StorageError.s3KeyID }
        let claims = JSONText.object([.init("role", .string(configuration.serviceRole))])
        return (secret, Caller(role: configuration.serviceRole, claims: claims))
    }

    // MARK: Reading

    private static func claim(_ http: ServiceRequest) throws(StorageError) -> Claim {
        if let header = http.header("authorization") { return try claim(header: header, http) }
        guard query(http, "X-Amz-Algorithm") == SigV4.algorithm else { throw .s3NoSignature }
        guard let time = query(http, "X-Amz-Date"), let expires = query(http, "X-Amz-Expires").flatMap(Double.init),
            (1...presignedSecondsMax).contains(expires)
        else { throw .s3BadSignature }
        return try claim(
            credential: query(http, "X-Amz-Credential"), signed: query(http, "X-Amz-SignedHeaders"),
            signature: query(http, "X-Amz-Signature"), time: time, expires: expires,
            payload: http.header("x-amz-content-sha256") ?? SigV4.unsigned)
    }

    private static func claim(header: String, _ http: ServiceRequest) throws(StorageError) -> Claim {
        guard header.hasPrefix(SigV4.algorithm + " ") else { throw .s3NoSignature }
        var parts: [String: String] = [:]
        for part in header.dropFirst(SigV4.algorithm.count).split(separator: ",") {
            let pair = part.trimmed.split(separator: "=", maxSplits: 1)
            if pair.count == 2 { parts[String(pair[0])] = String(pair[1]) }
        }
        guard let payload = http.header("x-amz-content-sha256") else { throw .missingParameter("x-amz-content-sha256") }
        return try claim(
            credential: parts["Credential"], signed: parts["SignedHeaders"], signature: parts["Signature"],
            time: http.header("x-amz-date") ?? "", expires: nil, payload: payload)
    }

    private static func claim(
        credential: String?, signed: String?, signature: String?, time: String, expires: Double?, payload: String
    ) throws(StorageError) -> Claim {
        guard let credential, let signed, let signature, let seconds = seconds(time) else { throw .s3BadSignature }
        let fields = credential.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard fields.count >= 5, fields[fields.count - 1] == "aws4_request", fields[fields.count - 2] == "s3",
            time.hasPrefix(fields[fields.count - 4])
        else { throw .s3BadSignature }
        let count = fields.count
        return Claim(
            keyID: fields[..<(count - 4)].joined(separator: "/"),
            scope: SigV4.Scope(date: fields[count - 4], region: fields[count - 3], service: fields[count - 2]),
            signed: signed.lowercased().split(separator: ";").map(String.init), signature: signature, time: time,
            seconds: seconds, expires: expires, payload: payload)
    }

    private static func query(_ http: ServiceRequest, _ name: String) -> String? {
        http.query.split(separator: "&").first { $0.hasPrefix(name + "=") }
            .flatMap { PathCoding.decode($0.dropFirst(name.count + 1)) }
    }

    /// The time of a text such as `20260102T030405Z`.
    static func seconds(_ text: String) -> Double? {
        let bytes = Array(text.utf8)
        guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z") else { return nil }
        func number(_ range: Range<Int>) -> Int? { Int(String(decoding: bytes[range], as: UTF8.self)) }
        guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8), let hour = number(9..<11),
            let minute = number(11..<13), let second = number(13..<15), (1...12).contains(month)
        else { return nil }
        return HTTPDate.seconds(year: year, month: month, day: day).map {
            $0 + Double(hour * 3_600 + minute * 60 + second)
        }
    }
}

extension StorageError {
    static let s3Signature = StorageError(
        403, code: "SignatureDoesNotMatch",
        message: "The request signature we calculated does not match the signature you provided.")
    static let s3KeyID = StorageError(
        403, code: "InvalidAccessKeyId", message: "The access key ID you provided does not exist in our records.")
    static let s3Token = StorageError(403, code: "InvalidToken", message: "The session token is not valid.")
    static let s3NoSignature = StorageError(403, code: "AccessDenied", message: "The request is not signed.")
    static let s3BadSignature = StorageError(
        400, code: "AuthorizationHeaderMalformed", message: "The authorization you provided is malformed.")
    static let s3Expired = StorageError(403, code: "AccessDenied", message: "Request has expired")
    static let s3Skew = StorageError(
        403, code: "RequestTimeTooSkewed",
        message: "The difference between the request time and the current time is too large.")
    static let s3Unsigned = StorageError(
        403, code: "AccessDenied", message: "There were headers present in the request which were not signed")
}
