# Indicia as a service. README.md says how it is run. The project brings its own Node; the one of the image only installs it.

FROM node:22-bookworm-slim AS installed
WORKDIR /srv/indicia
COPY package.json package-lock.json .npmrc ./
RUN npm install --no-save --omit=dev --include=optional

FROM node:22-bookworm-slim
WORKDIR /srv/indicia
COPY --from=installed /srv/indicia/node_modules node_modules
COPY . .
# Registry, tokens and store; the user of the image, node, owns them: 1000 by number, for hosts that do not know the name.
RUN install -d -o node -g node -m 0700 /var/lib/indicia
VOLUME /var/lib/indicia
ENV INDICIA_DB=/var/lib/indicia/post.duckdb \
    INDICIA_REGISTRY=/var/lib/indicia/registry \
    INDICIA_TOKENS=/var/lib/indicia/tokens.json \
    INDICIA_HOST=0.0.0.0
USER 1000
EXPOSE 8080
HEALTHCHECK --start-period=60s CMD ["node", "-e", "fetch('http://127.0.0.1:8080/livez').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node_modules/.bin/node", "main.ts"]
CMD ["serve"]
