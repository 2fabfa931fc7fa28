import TokenKit

/// The challenge of a PKCE flow (RFC 7636).
struct CodeChallenge: Sendable, Equatable {
    enum Method: String, Sendable {
        case s256, plain
    }

    let text: String
    let method: Method

    /// Reads both members of a request; nil where it has neither.
    init?(challenge: String?, method: String?) throws(AuthError) {
        let challenge = challenge ?? ""
        let method = method ?? ""
        if challenge.isEmpty, method.isEmpty { return nil }
        guard !challenge.isEmpty, !method.isEmpty else {
            throw .validation("PKCE flow requires code_challenge_method and code_challenge")
        }
        guard let known = Method(rawValue: method.lowercased()) else {
            throw .validation("code_challenge_method must be one of s256, plain")
        }
        guard (43...128).contains(challenge.utf8.count),
            challenge.unicodeScalars.allSatisfy({ scalar in
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", "-", ".", "_", "~": true
                default: false
                }
            })
        else {
            throw .validation("code challenge has to be between 43 and 128 characters of letters, digits and -._~")
        }
        text = challenge
        self.method = known
    }

    init(text: String, method: Method) {
        self.text = text
        self.method = method
    }

    /// Whether a verifier belongs to the challenge.
    func fits(verifier: String) -> Bool {
        switch method {
        case .plain: return constantTimeEqual(Array(verifier.utf8), Array(text.utf8))
        case .s256:
            guard let digest = try? Digest.sha256(Array(verifier.utf8)) else { return false }
            return constantTimeEqual(Array(Base64URL.encode(digest).utf8), Array(text.utf8))
        }
    }
}
