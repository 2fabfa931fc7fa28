/// The version of all programs, and of the package that they come in.
public enum ProgramVersion {
    /// Three numbers, as in Semantic Versioning.
    public static let text = "0.1.0"
}
