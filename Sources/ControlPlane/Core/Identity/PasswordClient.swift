/// The client that work on passwords is for.
public enum PasswordClient {
    /// The network of the client that the present task works for, by which waiting work is bounded; nil for the manager
    /// itself. Everything between a request and its cryptography would only pass it on.
    @TaskLocal public static var network: String?
}
