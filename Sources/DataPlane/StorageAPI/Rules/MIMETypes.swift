/// Media types of uploads, and what a bucket allows.
enum MIMETypes {
    static let unknown = "application/octet-stream"
    private static let bytesMax = 255

    /// Whether a text may stand in a list of allowed types: `image/png`, `image/*` or `*/*`.
    static func isPattern(_ text: String) -> Bool {
        if text == "*/*" { return true }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2 && isName(parts[0]) && (parts[1] == "*" || isName(parts[1]))
            && text.utf8.count <= bytesMax
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.unicodeScalars.allSatisfy {
                $0.isASCII
                    && ($0.properties.isAlphabetic || ("0"..."9").contains($0)
                        || "!#$&^_.+-".unicodeScalars.contains($0))
            }
    }

    /// Whether a type without its parameters is one of those that are allowed; all are where nothing is listed.
    static func isAllowed(_ type: String, by patterns: [String]?) -> Bool {
        guard let patterns, !patterns.isEmpty else { return true }
        let bare = (type.split(separator: ";").first ?? "").trimmed.lowercased()
        return patterns.contains { pattern in
            let pattern = pattern.trimmed.lowercased()
            return pattern == "*/*" || pattern == bare
                || pattern.hasSuffix("/*") && bare.hasPrefix(pattern.dropLast())
        }
    }

    /// A type as a client sent it, fit for a header; the general one where it sent none or an unusable one.
    static func stored(_ header: String?) -> String {
        guard let type = header?.trimmed, !type.isEmpty, type.utf8.count <= bytesMax,
            type.utf8.allSatisfy({ (0x20...0x7e).contains($0) }), type.utf8.contains(UInt8(ascii: "/"))
        else { return unknown }
        return type
    }
}
