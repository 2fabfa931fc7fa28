/// The slow work on passwords.
public enum PasswordWork: Sendable, Equatable, CaseIterable {
    /// A password is compared: someone signs in.
    case check
    /// A verifier is made: someone signs up or changes a password.
    case make

    /// The network of the client that the present task works for, by which waiting work is bounded; nil for the manager
    /// itself. Everything between a request and its cryptography would only pass it on.
    @TaskLocal public static var client: String?
}
