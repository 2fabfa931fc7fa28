/// Most that a project may have of functions.
public enum FunctionLimits {
    /// Files of one function.
    public static let filesMax = 100
    /// Bytes of one function's files together.
    public static let bytesMax = 20 << 20
    /// Functions of a project, those that were only bundled included.
    public static let functionsMax = 100
    /// Bytes of all functions of a project together, bundles included.
    public static let projectBytesMax = 256 << 20
    /// Characters of a slug; the router knows no longer ones.
    public static let slugCharactersMax = 64
    public static let nameCharactersMax = 256
}

/// A project's use of functions.
public struct FunctionUse: Sendable, Equatable {
    /// Functions, those included that were only bundled.
    public var functions: Int
    /// Bytes of all files.
    public var bytes: Int

    public init(functions: Int, bytes: Int) {
        self.functions = functions
        self.bytes = bytes
    }
}

/// The effect of an update.
public struct FunctionChange: Sendable, Equatable {
    /// Where the files come from: what runs keeps its own, or the bundle goes live.
    public var from: FunctionStage
    /// The function that runs afterwards.
    public var function: EdgeFunction
}
