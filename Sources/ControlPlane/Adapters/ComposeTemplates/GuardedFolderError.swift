import Glibc

/// Why a file of a guarded folder cannot be used.
struct GuardedFolderError: Error, Sendable, Hashable, CustomStringConvertible {
    enum Reason: Sendable, Hashable {
        /// A part of the path is a symbolic link: this one.
        case link(String)
        /// A part of the path is `..`.
        case outside
        /// Neither a regular file nor a folder, or a folder where a file is expected.
        case notRegular
        /// More bytes than allowed.
        case tooLarge(Int)
        /// A folder whose names cannot be read.
        case unlistable
        /// A system call failed with this number.
        case system(Int32)
    }

    /// The path, relative to the folder.
    let path: String
    let reason: Reason

    var description: String {
        switch reason {
        case .link(let part) where part == path:
            "\(path) is a symbolic link, which could lead out of the folder: put the file itself there"
        case .link(let part):
            "\(path) goes through the symbolic link \(part), which could lead out of the folder: put the files there"
        case .outside: "\(path) leads out of the folder: a path has no .."
        case .notRegular: "\(path) is not a regular file"
        case .tooLarge(let maximum): "\(path) is larger than \(maximum) bytes"
        case .unlistable: "\(path) cannot be listed"
        case .system(let number): "\(path) cannot be used: \(SystemErrorText.of(number))"
        }
    }
}

/// The system's own words for its error numbers.
enum SystemErrorText {
    static func of(_ number: Int32) -> String {
        // SAFETY: the text is the C library's and is copied at once.
        unsafe String(cString: strerror(number))
    }
}
