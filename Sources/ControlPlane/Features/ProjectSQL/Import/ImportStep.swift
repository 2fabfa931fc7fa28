/// What an import does with a statement of a dump.
public enum ImportStep: Sendable, Equatable {
    /// Runs it as it is.
    case run
    /// Runs another text in its place.
    case runInstead(String)
    /// Runs it when all rows are there: foreign keys are checked then, and triggers saw none of the rows.
    case runLast
    /// Passes over it.
    case leaveOut
    /// Takes the rows that follow into a table of its users.
    case takeRows
    /// Keeps the rows that follow for a table of the stack: its name, and the columns in the order of the rows.
    case keepRows(table: String, columns: [String])
    /// Passes over the rows that follow.
    case leaveOutRows(table: String)
    /// Ends the import; one sentence.
    case refuse(String)
}

/// The part of an import that is under way.
public enum ImportStage: String, Sendable, Codable {
    case roles
    case schema
    case data
    case foreignKeys = "foreign keys"
}

/// What came of a dump, without rows and without secrets.
public struct ImportReport: Sendable, Equatable, Codable {
    /// Whether the project was left as it was.
    public var isDryRun = false
    /// How many objects came as they are, by what they are: `TABLE`.
    public var taken: [String: Int] = [:]
    /// Rows by table.
    public var rows: [String: Int] = [:]
    /// What was changed, and how often.
    public var changed: [String: Int] = [:]
    /// What was left out, and how often.
    public var leftOut: [String: Int] = [:]
    /// What a person has to do.
    public var byHand: [String: Int] = [:]

    /// Different lines of each list; what comes after that is counted together.
    public static let linesMax = 500

    /// Bytes of a line; what is longer is cut, and counted with what begins in the same way.
    public static let lineBytesMax = 200

    enum CodingKeys: String, CodingKey {
        case isDryRun = "dry_run"
        case taken, rows, changed
        case leftOut = "left_out"
        case byHand = "by_hand"
    }

    public init() {}

    /// Counts a line of one of the lists.
    static func count(_ line: String, in list: inout [String: Int], by number: Int = 1) {
        let line = line.utf8.count <= lineBytesMax ? line : String(beginning: line.utf8, bytesMax: lineBytesMax)
        let key = list[line] != nil || list.count < linesMax ? line : "more"
        // A server may say any number of rows.
        let (sum, isTooMuch) = list[key, default: 0].addingReportingOverflow(number)
        list[key] = isTooMuch ? .max : sum
    }

    mutating func noteRows(_ count: Int, of table: String) { Self.count(table, in: &rows, by: count) }
}
