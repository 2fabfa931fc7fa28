import DataPlaneCore
import TokenKit

/// Tokens of signed addresses: HS256 with the project's secret.
struct URLSigner: Sendable {
    /// What a token is for. One kind is never taken for the other.
    enum Scope: String, Sendable {
        case download
        case upload
    }

    /// What a token says.
    struct Grant: Sendable, Equatable {
        /// Bucket and key.
        var url: String
        var scope: Scope
        /// Of uploads: who the object will belong to.
        var owner: String?
        /// Of uploads: whether they may replace an object.
        var upsert = false
        /// Of uploads: what was at the path when policies were asked about it; nil where they need not be.
        var seen: String?
        /// Of uploads: what the row gets.
        var userMetadata: JSONText?
        /// Of downloads: how the image is transformed; nil where the object is given as it is.
        var transformation: ImageTransformation?
        /// Seconds since the epoch.
        var expires: Int
    }

    private let secret: KeyBytes
    private let verifier: TokenVerifier

    init(secret: KeyBytes) {
        self.secret = secret
        verifier = TokenVerifier(keys: [.secret(secret)], audience: nil)
    }

    /// Makes a token.
    func token(_ grant: Grant, issued: Int, further: [JSONText.Member] = []) throws(StorageError) -> String {
        var claims: [JSONText.Member] = [
            .init("url", .string(grant.url)), .init("scope", .string(grant.scope.rawValue)),
        ]
        if grant.scope == .upload {
            if let owner = grant.owner { claims.append(.init("owner", .string(owner))) }
            claims.append(.init("upsert", .bool(grant.upsert)))
            if let seen = grant.seen { claims.append(.init("seen", .string(seen))) }
            if let metadata = grant.userMetadata { claims.append(.init("metadata", metadata)) }
        }
        if let transformation = grant.transformation {
            claims.append(.init("transformations", .string(transformation.text)))
        }
        claims += further
        claims.append(.init("iat", .number(String(issued))))
        claims.append(.init("exp", .number(String(grant.expires))))
        let header = Base64URL.encode(Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8))
        let signed = header + "." + Base64URL.encode(Array(JSONText.object(claims).text.utf8))
        do throws(TokenError) {
            return signed + "." + Base64URL.encode(try Digest.hmacSHA256(Array(signed.utf8), key: secret))
        } catch { throw .unexpected("\(error)") }
    }

    /// Checks a token for a path; its life is exact.
    func grant(_ token: String, for path: ObjectPath, as scope: Scope, at now: Double) throws(StorageError) -> Grant {
        let grant = try read(token, at: now)
        guard grant.scope == scope, grant.url.hasBytes(of: path.text) else { throw .badSignature }
        return grant
    }

    private func read(_ token: String, at now: Double) throws(StorageError) -> Grant {
        let claims: JSONText
        do throws(TokenRefusal) {
            claims = try verifier.claims(of: token, at: now)
        } catch { throw error == .expired ? .expiredSignature : .badSignature }
        guard let url = claims["url"]?.stringValue,
            let expires = claims["exp"]?.doubleValue.flatMap({ Int(exactly: $0) })
        else { throw .badSignature }
        guard now < Double(expires) else { throw .expiredSignature }
        // Tokens of before there were scopes: those of uploads alone say whether they replace.
        let older: Scope = claims["upsert"] == nil ? .download : .upload
        let named = claims["scope"].map { $0.stringValue.flatMap(Scope.init) }
        guard let scope = named ?? older else { throw .badSignature }
        var transformation: ImageTransformation?
        if let claim = claims["transformations"] {
            guard let read = claim.stringValue.flatMap({ ImageTransformation(text: $0) }) else { throw .badSignature }
            transformation = read
        }
        return Grant(
            url: url, scope: scope, owner: claims["owner"]?.stringValue, upsert: claims["upsert"] == .bool(true),
            seen: claims["seen"]?.stringValue, userMetadata: claims["metadata"],
            transformation: transformation, expires: expires)
    }
}
