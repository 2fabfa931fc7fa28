import Glibc

/// The messages of one pipeline (PostgreSQL manual, "Message Formats"), and what their answers are to be.
struct DirectRequest {
    /// A statement that is prepared on the way.
    struct Preparation {
        let sql: String
        let name: String
        /// Which statement of the pipeline brings it.
        let statement: Int
        /// How many statements are parsed before.
        let parses: Int
    }

    private(set) var bytes: [UInt8] = []
    /// Types of each statement's columns, where they are known before.
    private(set) var types: [[UInt32]?] = []
    /// In the order of their messages.
    private(set) var preparations: [Preparation] = []
    /// Names that the server is to forget.
    private(set) var closings: [String] = []
    private var parses = 0

    private enum Letter {
        static let parse = UInt8(ascii: "P")
        static let bind = UInt8(ascii: "B")
        static let describe = UInt8(ascii: "D")
        static let execute = UInt8(ascii: "E")
        static let close = UInt8(ascii: "C")
        static let sync = UInt8(ascii: "S")
        static let statement = UInt8(ascii: "S")
        static let portal = UInt8(ascii: "P")
    }

    /// Bytes that the messages take beside texts, parameters and names.
    private static let roomBytes = 96

    /// The messages of `list`, whose texts and parameters hold no NUL character.
    ///
    /// - Parameter statements: what the server has under a name; marks what is used of it.
    init(_ list: [PostgresStatement], byteCount: Int, maximumPreparedBytes: Int, statements: inout DirectStatements) {
        bytes.reserveCapacity(byteCount + list.count * Self.roomBytes)
        closings = statements.garbage
        // Ahead of all: an error ends the pipeline, and these with it.
        for name in closings { message(Letter.close) { $0.target(Letter.statement, name) } }
        for (number, statement) in list.enumerated() {
            guard statement.isPrepared, statement.sql.utf8.count <= maximumPreparedBytes else {
                parse(statement.sql, name: "")
                run(statement, name: "", describes: true)
                types.append(nil)
                continue
            }
            if let known = statements.known(statement.sql) {
                run(statement, name: known.name, describes: false)
                types.append(known.types)
            } else if let earlier = preparations.first(where: { $0.sql == statement.sql }) {
                run(statement, name: earlier.name, describes: true)
                types.append(nil)
            } else {
                let name = statements.newName()
                preparations.append(Preparation(sql: statement.sql, name: name, statement: number, parses: parses))
                parse(statement.sql, name: name)
                run(statement, name: name, describes: true)
                types.append(nil)
            }
        }
        message(Letter.sync) { _ in }
    }

    private mutating func parse(_ sql: String, name: String) {
        parses += 1
        message(Letter.parse) { request in
            request.text(name)
            request.text(sql)
            // The server finds the types of the parameters.
            request.number(UInt16(0))
        }
    }

    /// Binds the parameters to the unnamed portal, and runs it.
    private mutating func run(_ statement: PostgresStatement, name: String, describes: Bool) {
        message(Letter.bind) { request in
            request.text("")
            request.text(name)
            // Parameters and columns are texts.
            request.number(UInt16(0))
            request.number(UInt16(statement.parameters.count))
            for parameter in statement.parameters { request.value(parameter) }
            request.number(UInt16(0))
        }
        if describes { message(Letter.describe) { $0.target(Letter.portal, "") } }
        message(Letter.execute) { request in
            request.text("")
            // All rows.
            request.number(UInt32(0))
        }
    }

    private mutating func message(_ letter: UInt8, _ body: (inout DirectRequest) -> Void) {
        bytes.append(letter)
        let start = bytes.count
        number(UInt32(0))
        body(&self)
        // The length counts itself, not the letter.
        let length = UInt32(bytes.count - start)
        for place in 0..<4 { bytes[start + place] = UInt8(truncatingIfNeeded: length >> (24 - 8 * UInt32(place))) }
    }

    private mutating func target(_ letter: UInt8, _ name: String) {
        bytes.append(letter)
        text(name)
    }

    private mutating func text(_ text: String) {
        bytes.append(contentsOf: text.utf8)
        bytes.append(0)
    }

    private mutating func value(_ text: String?) {
        guard let text else { return number(UInt32.max) }
        number(UInt32(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func number(_ number: UInt16) {
        bytes.append(UInt8(number >> 8))
        bytes.append(UInt8(truncatingIfNeeded: number))
    }

    private mutating func number(_ number: UInt32) {
        self.number(UInt16(number >> 16))
        self.number(UInt16(truncatingIfNeeded: number))
    }
}

extension String {
    /// Whether it has a NUL character in it.
    fileprivate var holdsNUL: Bool {
        utf8.withContiguousStorageIfAvailable { bytes in
            bytes.baseAddress.map { memchr($0, 0, bytes.count) != nil } ?? false
        } ?? utf8.contains(0)
    }
}

extension [PostgresStatement] {
    /// Bytes of all texts and parameters.
    ///
    /// - Throws: ``PostgresError/invalidParameter(index:reason:)`` and
    ///   ``PostgresError/invalidConfiguration(reason:)`` for what the protocol cannot say.
    func countedBytes() throws(PostgresError) -> Int {
        var count = 0
        for statement in self {
            guard statement.parameters.count <= PostgresProtocolLimit.parameters else {
                throw .invalidParameter(
                    index: PostgresProtocolLimit.parameters + 1,
                    reason: "a statement takes at most \(PostgresProtocolLimit.parameters)")
            }
            guard !statement.sql.holdsNUL else {
                throw .invalidConfiguration(reason: "SQL text holds a NUL character")
            }
            count += statement.sql.utf8.count
            for (position, parameter) in statement.parameters.enumerated() {
                guard let parameter else { continue }
                guard !parameter.holdsNUL else {
                    throw .invalidParameter(index: position + 1, reason: "text in PostgreSQL holds no NUL character")
                }
                count += parameter.utf8.count
            }
        }
        return count
    }
}
