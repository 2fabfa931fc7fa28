extension PostgresServerError {
    /// Shortest parameter that is searched in a message; shorter ones would mangle ordinary words.
    private static let shortestSearchedValue = 4

    /// Bytes of a message or a detail. A longer one is left out: cut off, it could end in a part of a value, which no
    /// search finds.
    static let textBytesMax = 8 << 10

    /// An error report as the server sent it, cleared of data.
    ///
    /// - Parameter values: the text of the statement's parameters; none of them remains in the message.
    init(
        sqlState: String, rawMessage: String, rawDetail: String?, constraint: String?, schema: String?,
        table: String?, column: String?, removing values: [String]
    ) {
        let quotesData = sqlState.hasPrefix("22")
        let message = Self.shown(rawMessage).map { quotesData ? Self.withoutQuotations($0) : $0 }
        let detail = Self.mayShowDetail(sqlState) ? rawDetail.flatMap(Self.shown) : nil
        self.init(
            sqlState: sqlState,
            message: message.map { Self.removing(values, from: $0) }
                ?? "a message of more than \(Self.textBytesMax) bytes",
            detail: detail.map { Self.removing(values, from: $0) },
            constraint: constraint, schema: schema, table: table, column: column)
    }

    private static func shown(_ text: String) -> String? { text.utf8.count <= textBytesMax ? text : nil }

    /// Classes whose details describe processes, locks, limits and the server's state, never of rows: 40 (rollback), 53
    /// (resources), 55 (object state), 57 (operator), 58 (system).
    private static func mayShowDetail(_ sqlState: String) -> Bool {
        ["40", "53", "55", "57", "58"].contains { sqlState.hasPrefix($0) }
    }

    /// Replaces everything between the first and the last quotation mark: what is quoted may itself hold marks.
    private static func withoutQuotations(_ text: String) -> String {
        var text = text
        for mark: Character in ["\"", "'"] {
            guard let first = text.firstIndex(of: mark), let last = text.lastIndex(of: mark), first < last else {
                continue
            }
            text.replaceSubrange(text.index(after: first)..<last, with: "…")
        }
        return text
    }

    private static func removing(_ values: [String], from text: String) -> String {
        var text = text
        for value in values where value.utf8.count >= shortestSearchedValue {
            text = text.split(separator: value, omittingEmptySubsequences: false).joined(separator: "…")
        }
        return text
    }
}
