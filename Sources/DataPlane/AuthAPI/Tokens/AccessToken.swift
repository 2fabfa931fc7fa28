import DataPlaneCore

/// The claims of an access token.
struct AccessToken: Sendable {
    /// How a user proved to be there.
    struct Method: Sendable, Equatable {
        var name: String
        var at: Int64
    }

    var issuer: String
    var user: UserRecord
    var session: String
    var level: String
    /// Newest first.
    var methods: [Method]
    var issuedAt: Int64
    var expiresAt: Int64

    var claims: JSONText {
        .object([
            .init("iss", .string(issuer)), .init("sub", .string(user.id)), .init("aud", .string(user.audience)),
            .init("exp", .number(String(expiresAt))), .init("iat", .number(String(issuedAt))),
            .init("email", .string(user.email ?? "")), .init("phone", .string(user.phone ?? "")),
            .init("app_metadata", user.appMetadata), .init("user_metadata", user.userMetadata),
            .init("role", .string(user.role)), .init("aal", .string(level)),
            .init(
                "amr",
                .array(
                    methods.map { method in
                        .object([
                            .init("method", .string(method.name)), .init("timestamp", .number(String(method.at))),
                        ])
                    })),
            .init("session_id", .string(session)), .init("is_anonymous", .bool(user.isAnonymous)),
        ])
    }

    /// Claims that a hook may not take away, and the kind of value each must keep.
    static func isWhole(_ claims: JSONText) -> Bool {
        let texts = ["sub", "email", "phone", "role", "aal", "session_id"]
        guard texts.allSatisfy({ claims[$0]?.stringValue != nil }),
            ["exp", "iat"].allSatisfy({ claims[$0]?.doubleValue != nil })
        else { return false }
        guard case .bool? = claims["is_anonymous"] else { return false }
        return claims["aud"]?.stringValue != nil || claims["aud"]?.arrayValue != nil
    }
}

/// What a bearer token says, once its signature was checked.
struct BearerClaims: Sendable {
    let json: JSONText

    var sub: String? { json["sub"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 } }
    var role: String { json["role"]?.stringValue ?? "" }
    var session: String? { json["session_id"]?.stringValue.flatMap { UUIDText.canonical($0) } }
    var level: String { json["aal"]?.stringValue ?? "aal1" }
    var audience: String? { json["aud"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 } }

    var methods: [String] {
        (json["amr"]?.arrayValue ?? []).compactMap { $0["method"]?.stringValue }
    }
}
