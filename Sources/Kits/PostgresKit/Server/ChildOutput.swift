import CPostgres
import Glibc

/// A pipe from a program's output to a reader that reads without waiting.
public struct ChildOutput: Sendable {
    /// Where the output comes out. It belongs to the reader, which closes it.
    public let readEnd: Int32

    /// What the program gets (``ChildCommand/Output/descriptor(_:)``); see ``closeWriteEnd()``.
    public let writeEnd: Int32

    /// Makes a pipe.
    ///
    /// - Parameter executable: the program, for the error.
    public init(for executable: String) throws(ChildProcessError) {
        var ends: [Int32] = [-1, -1]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { throw ChildProcessError(executable: executable, errno: errno) }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    /// Closes this program's own copy, once the program has started or could not: only then the output has an end.
    public func closeWriteEnd() { close(writeEnd) }
}
