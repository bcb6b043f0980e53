# netkit in a container: JupyterLab on port 8888, for a user without privileges.  docs/where-it-runs.md tells more.
#
#   docker build -t netkit .
#   docker run --rm -p 8888:8888 netkit
#
# binder/Dockerfile is the same file: where there is a folder binder/, Binder looks at nothing else.
FROM debian:12-slim

# Binder and JupyterHub expect this user, and Binder gives both as arguments.
ARG NB_USER=jovyan
ARG NB_UID=1000
ENV NB_USER=${NB_USER} NB_UID=${NB_UID} LANG=C.UTF-8 SHELL=/bin/bash

# Outside the home directory, which a JupyterHub covers with the user's own.
COPY . /opt/netkit
RUN sh /opt/netkit/deploy/image.sh

USER ${NB_UID}
ENV HOME=/home/${NB_USER} PATH=/opt/netkit/.venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR ${HOME}
# The list of fonts, so that no learner waits for it.
RUN python -c "import matplotlib.font_manager"

EXPOSE 8888
HEALTHCHECK --start-period=30s CMD ["python", "/opt/netkit/deploy/health.py"]
ENTRYPOINT ["tini", "-g", "--", "/opt/netkit/binder/start"]
CMD ["netkit", "lab", "notebooks/00-start-here.ipynb", "--ip=0.0.0.0", "--port=8888", "--no-browser"]
