public import ProjectModel

extension ServiceName {
    /// A service name that the author of a test vouches for.
    public static func named(_ text: String) -> ServiceName {
        guard let name = ServiceName(text) else { preconditionFailure("\(text) is not a service name") }
        return name
    }

    /// The database.
    public static let db = named("db")
    /// The API gateway.
    public static let gateway = named("gateway")
    /// GoTrue.
    public static let auth = named("auth")
    /// PostgREST.
    public static let rest = named("rest")
    public static let realtime = named("realtime")
    public static let storage = named("storage")
    public static let imgproxy = named("imgproxy")
    /// postgres-meta.
    public static let meta = named("meta")
    /// Edge functions.
    public static let functions = named("functions")
    /// Logflare.
    public static let analytics = named("analytics")
    public static let vector = named("vector")
    public static let studio = named("studio")
}

extension ProjectRef {
    /// A ref that depends on the number alone.
    public static func sample(_ number: UInt64 = 1) -> ProjectRef {
        var generator = SeededGenerator(seed: number)
        return ProjectRef(using: &generator)
    }
}
