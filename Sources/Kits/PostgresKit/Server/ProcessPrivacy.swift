import CPostgres
import Glibc

/// Other programs of the same user could read this one's secrets.
public struct ProcessPrivacyError: Error, Sendable, CustomStringConvertible {
    /// The system's error number.
    public let errno: Int32

    /// The message: one sentence.
    public var description: String {
        "cannot hide the memory and environment of this process: \(String(cString: strerror(errno)))"
    }
}

/// What the system lets other programs see of this one.
public enum ProcessPrivacy {
    /// Hides memory, environment and open files from other programs of the same user, until this process ends: Linux
    /// calls it not dumpable. Programs that it starts are not affected.
    public static func begin() throws(ProcessPrivacyError) {
        guard postgreskit_make_private() == 0 else { throw ProcessPrivacyError(errno: errno) }
    }
}
