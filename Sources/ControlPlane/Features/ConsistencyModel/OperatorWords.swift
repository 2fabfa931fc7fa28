/// What an operator calls the engine, its commands and the program's options. Advice names them; the program that knows
/// them says which they are.
public struct OperatorWords: Sendable, Equatable {
    /// The engine, at the beginning of a clause: `the Docker Engine`.
    public var engine: String
    /// The engine's command line: `docker`.
    public var engineCommand: String
    /// How images are made that no registry has, as a sentence's end: `run scripts/…`.
    public var imagesAreMade: String
    /// What makes an engine reachable that does not answer; continues "see that …".
    public var engineIsReachable: String
    /// Where the engine's own address pools are set.
    public var enginePools: String
    /// The option for the manager's database.
    public var databaseOption: String
    /// The option for the ports to lease.
    public var portsOption: String
    /// The option for the addresses to lease subnets from.
    public var subnetsOption: String
    /// How a program may have more files open.
    public var openFilesOption: String

    /// The words; see the properties.
    public init(
        engine: String, engineCommand: String, imagesAreMade: String, engineIsReachable: String, enginePools: String,
        databaseOption: String, portsOption: String, subnetsOption: String, openFilesOption: String
    ) {
        self.engine = engine
        self.engineCommand = engineCommand
        self.imagesAreMade = imagesAreMade
        self.engineIsReachable = engineIsReachable
        self.enginePools = enginePools
        self.databaseOption = databaseOption
        self.portsOption = portsOption
        self.subnetsOption = subnetsOption
        self.openFilesOption = openFilesOption
    }
}
