/// The token that a request carries in `Authorization`, read in this one way by the gateway and by every service.
///
/// Two readers that do not agree on what white space is would let one pass what the other refuses: what is no plain
/// token is refused, never trimmed.
public enum BearerToken {
    /// The token; nil where there is no such header, where it is empty, or where its scheme is another one.
    ///
    /// A value is the scheme `Bearer`, in any case, spaces, and a token; throws ``TokenRefusal/empty`` without a token
    /// and ``TokenRefusal/undecodable`` for any other text, also for a header that comes twice.
    public static func of(_ request: ServiceRequest) throws(TokenRefusal) -> String? {
        let values = request.headers("authorization")
        guard let value = values.first else { return nil }
        guard values.count == 1 else { throw .undecodable }
        let bytes = Array(value.utf8)
        guard !bytes.isEmpty else { return nil }
        let scheme = bytes.prefix { $0 != space }
        guard !scheme.isEmpty, scheme.allSatisfy(isOfScheme) else { throw .undecodable }
        guard String(decoding: scheme, as: UTF8.self).lowercased() == "bearer" else { return nil }
        let token = String(decoding: bytes.dropFirst(scheme.count).drop { $0 == space }, as: UTF8.self)
        guard !token.isEmpty else { throw .empty }
        guard isPlain(token) else { throw .undecodable }
        return token
    }

    /// Whether a text has nothing but what JSON Web Tokens and opaque keys are written with, and has anything.
    static func isPlain(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy(isOfToken) }

    private static let space = UInt8(ascii: " ")

    private static func isOfToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: "="):
            true
        default: false
        }
    }

    /// A character of a scheme's name, as RFC 9110 has it.
    private static func isOfScheme(_ byte: UInt8) -> Bool {
        byte != UInt8(ascii: "=") && isOfToken(byte) || "!#$%&'*+^`|~".utf8.contains(byte)
    }
}
