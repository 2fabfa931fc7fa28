import ConsistencyModel
import Orchestrator

extension OperatorWords {
    /// Words of no real program: what a text of the core shows of one was given to it.
    static let sample = OperatorWords(
        engine: "Engine", engineCommand: "engine", imagesAreMade: "run engine-make",
        engineIsReachable: "the engine runs", enginePools: "its pools",
        databaseOption: "OPTION_DATABASE", portsOption: "OPTION_PORTS", subnetsOption: "OPTION_SUBNETS",
        openFilesOption: "OPTION_FILES")
}
