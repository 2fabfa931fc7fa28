package import HTTPTypes
package import ProjectModel

/// The cookie of a browser's session (RFC 6265bis). Over HTTPS its name begins with `__Host-`, which a browser takes
/// from this host alone. Browsers send cookies of a host to all its ports, those of projects too: over plain HTTP the
/// path keeps it from theirs, where code of tenants answers.
package struct SessionCookie: Sendable, Equatable {
    /// Whether browsers reach the manager by HTTPS.
    package let isSecure: Bool
    /// The path below which the pages are.
    package let path: String

    package init(isSecure: Bool, path: String) {
        self.isSecure = isSecure
        self.path = path
    }

    package var name: String { isSecure ? "__Host-supamanager" : "supamanager" }

    /// Longest value that is considered, in bytes.
    private static let valueBytesMax = 256

    /// The cookie of a request; nil without one, and where there are two, one of which must have been planted.
    package func secret(in headers: HTTPFields) -> Secret<String>? {
        let values = headers[values: .cookie].flatMap { $0.split(separator: ";") }.compactMap { pair -> Substring? in
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, sides[0].drop(while: { $0 == " " }) == name else { return nil }
            return sides[1]
        }
        guard values.count == 1, let value = values.first, value.utf8.count <= Self.valueBytesMax else { return nil }
        return Secret(String(value))
    }

    /// `Set-Cookie` for a new session.
    package func setting(_ secret: Secret<String>, for life: Duration) -> String {
        "\(name)=\(secret.reveal()); Max-Age=\(life.components.seconds); \(attributes)"
    }

    /// `Set-Cookie` that removes it.
    package var removing: String { "\(name)=; Max-Age=0; \(attributes)" }

    private var attributes: String {
        "Path=\(isSecure ? "/" : path); HttpOnly; SameSite=Lax\(isSecure ? "; Secure" : "")"
    }
}
