import APIKit

/// SQL as the audit trail names it: its length and its first word. The text itself may hold secrets.
enum StatementSummary {
    /// Words that are named; any other could be part of a secret.
    private static let words: Set<String> = [
        "alter", "analyze", "begin", "call", "checkpoint", "comment", "commit", "copy", "create", "delete", "discard",
        "do", "drop", "explain", "grant", "insert", "listen", "lock", "merge", "notify", "prepare", "reassign",
        "refresh", "reindex", "reset", "revoke", "rollback", "security", "select", "set", "show", "start", "table",
        "truncate", "update", "vacuum", "values", "with",
    ]

    /// The summary of a text.
    static func of(_ sql: String) -> String {
        let word = firstWord(sql)
        return "\(words.contains(word) ? word : "other"), \(sql.utf8.count) bytes"
    }

    private static func firstWord(_ sql: String) -> String {
        var rest = Substring(sql).utf8
        while let byte = rest.first {
            if [0x20, 0x09, 0x0A, 0x0D, 0x28, 0x3B].contains(byte) {
                rest = rest.dropFirst()
            } else if rest.starts(with: "--".utf8) {
                rest = rest.drop { $0 != 0x0A }
            } else if rest.starts(with: "/*".utf8) {
                rest = afterComment(rest)
            } else {
                break
            }
        }
        let letters = rest.prefix { (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) }
        return String(Substring(letters)).lowercased()
    }

    /// What follows a comment; comments of PostgreSQL nest.
    private static func afterComment(_ text: Substring.UTF8View) -> Substring.UTF8View {
        var rest = text
        var depth = 0
        while !rest.isEmpty {
            if rest.starts(with: "/*".utf8) {
                depth += 1
                rest = rest.dropFirst(2)
            } else if rest.starts(with: "*/".utf8) {
                depth -= 1
                rest = rest.dropFirst(2)
                if depth == 0 { break }
            } else {
                rest = rest.dropFirst()
            }
        }
        return rest
    }
}
