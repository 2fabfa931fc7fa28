import CPostgres
import Glibc

extension SystemAccount {
    /// The owner of a file or folder; nil when it is not there, or the system has no entry for the user.
    public static func owner(of path: String) -> SystemAccount? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return SystemAccount(userID: status.st_uid)
    }

    /// Runs `body` as this user, programs that it starts included, and is root again afterwards.
    ///
    /// The whole process changes, not the task alone: for programs that do one thing. Only root can; files that were
    /// opened before stay open.
    ///
    /// - Throws: ``FileSystemError`` when the user cannot be changed, and what `body` throws.
    public func acting<Value>(_ body: () async throws -> Value) async throws -> Value {
        guard initgroups(name, groupID) == 0, setresgid(groupID, groupID, 0) == 0, setresuid(userID, userID, 0) == 0
        else { throw FileSystemError("change to the user", name) }
        let result: Result<Value, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        guard setresuid(0, 0, 0) == 0, setresgid(0, 0, 0) == 0 else { throw FileSystemError("change back to", "root") }
        return try result.get()
    }
}
