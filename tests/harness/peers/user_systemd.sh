# A machine that systemd runs, as one of its users sees it: folders of this one, a home, a cgroup of its own, so that systemd moves no other
# process. Called in new mount and process namespaces with the program, its path there, and where cgroups are.
set -e
root=/tmp
mount -t tmpfs tmpfs $root
for folder in bin sbin lib lib64 usr etc sys dev; do
  if [ -L "/$folder" ]; then cp -P "/$folder" $root; elif [ -d "/$folder" ]; then mkdir "$root/$folder" && mount --rbind "/$folder" "$root/$folder"; fi
done
mkdir -p $root/proc $root/tmp $root/run/systemd/system $root/run/user/4711 $root/home/felix "$root$(dirname "$2")"
mount -t proc proc $root/proc
touch "$root$2"
mount --bind "$1" "$root$2"
chmod 1777 $root/tmp
chmod 700 $root/run/user/4711
for folder in $3; do
  mkdir "$folder"
  echo $$ > "$folder/cgroup.procs"
  chown -R 4711:4711 "$folder"
done
chown 4711:4711 $root/run/user/4711 $root/home/felix
exec chroot $root setpriv --reuid=4711 --regid=4711 --clear-groups \
  env -i PATH=/usr/bin:/bin HOME=/home/felix XDG_RUNTIME_DIR=/run/user/4711 helper="$2" sh -c '
    /lib/systemd/systemd --user >/tmp/systemd.log 2>&1 &
    until systemctl --user show --property=Version 2>/dev/null; do sleep 0.1; done
    exec sh'
