/// Number of a term as active manager. It grows with every term, so that a manager that still acts under an older one
/// is recognised and refused.
public struct FencingToken: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The number, from 1.
    public let number: Int64

    /// A token from its number.
    public init(_ number: Int64) { self.number = number }

    /// Orders by age.
    public static func < (left: FencingToken, right: FencingToken) -> Bool { left.number < right.number }

    /// The number in digits.
    public var description: String { "\(number)" }
}

/// A manager's role.
public enum ManagerRole: String, Sendable, CaseIterable {
    /// It holds the lease: it acts on the engine and moves projects along.
    case active
    /// Another one does, or none yet: it serves requests, observes and waits for its turn.
    case standby
}

/// A manager's identity, for other managers and in messages.
public struct ManagerIdentity: Sendable, Equatable {
    /// Drawn at every start of a program.
    public var id: String
    /// The address of its API.
    public var address: String
    /// Its folder of projects. Managers of one database must have the same: containers mount files from there.
    public var projectsFolder: String

    public init(id: String, address: String, projectsFolder: String) {
        self.id = id
        self.address = address
        self.projectsFolder = projectsFolder
    }
}
