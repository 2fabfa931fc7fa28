/// Every bound of an import.
public struct ImportLimits: Sendable {
    /// Time for connect and login.
    public var connectTimeout: Duration = .seconds(5)
    /// Time for one statement: an index of a large table takes as long.
    public var statementTimeout: Duration = .seconds(3_600)
    /// How long the server waits for the next piece of the dump, so that a manager that hangs holds nothing.
    public var idleSeconds = 600
    /// Bytes of the statements that are kept until all rows are there.
    public var heldBytesMax = 32 << 20
    /// Temporary tables for rows of the stack's own tables: one for each `COPY` into them.
    public var keptTablesMax = 1_000
    /// Bytes of one message of the server's, which a dump's functions and rows have a say in.
    public var messageBytesMax = 1 << 20
    /// Bytes of one answer: lists of names above all.
    public var answerBytesMax = 8 << 20
    /// Imports at once, over all projects of a manager.
    public var importsMax = 4

    /// The default limits.
    public init() {}
}
