import ConsistencyModel
import Orchestrator

extension OperatorWords {
    /// This program on the Docker Engine.
    static let docker = OperatorWords(
        engine: "Docker Engine", engineCommand: "docker",
        imagesAreMade: "run scripts/make-images, and start the manager with the folder of stacks that it writes",
        engineIsReachable: "the Docker Engine runs (systemctl status docker), that DOCKER_HOST names its socket, and "
            + "that the manager's user may use it (group docker)",
        enginePools: "default-address-pools in /etc/docker/daemon.json",
        databaseOption: "SUPAMANAGER_DATABASE_URL", portsOption: "SUPAMANAGER_PORT_RANGE",
        subnetsOption: "SUPAMANAGER_SUBNET_POOL",
        openFilesOption: "LimitNOFILE= of its systemd unit, or ulimit -n")
}
