"""The Docker Engine of this machine, through its command line client."""

import subprocess

import stack

NEEDED = "needs a Docker Engine with the offline images: scripts/make-test-images"


def docker(*arguments):
    """Runs a docker command; answers with its output, raises RuntimeError with the engine's words."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"docker {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


def confinement(service):
    """The options by which docker confines a container as the template confines a service."""
    settings = stack.compose()["services"][service]
    options = [f"--cap-drop={name}" for name in settings["cap_drop"]]
    options += [f"--cap-add={name}" for name in settings.get("cap_add", [])]
    options += [f"--security-opt={option}" for option in settings["security_opt"]]
    options += [f"--tmpfs={path}" for path in settings.get("tmpfs", [])]
    return [*options, "--read-only"] if settings.get("read_only") else options


def logs(container):
    done = subprocess.run(["docker", "logs", container], capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def remove(container):
    """Removes a container if it is still there."""
    subprocess.run(["docker", "rm", "--force", container], capture_output=True, check=False)


def image(service):
    return f"{stack.IMAGE_PREFIX}/{stack.compose()['services'][service]['image']}"


def images_are_there(*services):
    try:
        for service in services:
            docker("image", "inspect", image(service))
        return True
    except (OSError, RuntimeError):
        return False
