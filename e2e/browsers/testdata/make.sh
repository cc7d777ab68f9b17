#!/usr/bin/env bash
# Makes the videos beside it, with ffmpeg 5.1 (Debian: apt install ffmpeg).
set -euo pipefail
cd "$(dirname "$0")"
samples=../../../web/samples

make() { # FILE INPUT-OPTIONS… -- OUTPUT-OPTIONS…
	local file=$1
	shift
	ffmpeg -v error -y -bitexact "$@" -an -map_metadata -1 -fflags +bitexact -flags:v +bitexact "$file"
}

# Two seconds, 320×240. The left half is red; the right half has stripes of blue
# and yellow, 8 pixels wide. A band at the bottom is grey, 8 levels brighter with
# each of the 20 frames.
band='gte(Y,216)'
grey='(40+8*N)'
stripe='mod(floor(X/8),2)'
make stripes.webm -f lavfi -i color=black:s=320x240:r=10:d=2 -vf "format=gbrp,geq=\
r='if($band,$grey,if(lt(X,160),192,if($stripe,208,32)))':\
g='if($band,$grey,if(lt(X,160),48,if($stripe,192,32)))':\
b='if($band,$grey,if(lt(X,160),48,if($stripe,32,192)))',format=yuv420p" \
	-c:v libvpx -crf 8 -b:v 4M -g 10 -auto-alt-ref 0 -threads 1

# Ten seconds, 192×128 as stored: quarters of red, green, blue and yellow, row by row. They
# last longer than a test looks: WebKitGTK's GStreamer can lock up when an MP4 begins again.
quarters="format=gbrp,geq=\
r='if(lt(Y,64),if(lt(X,96),208,32),if(lt(X,96),32,208))':\
g='if(lt(Y,64),if(lt(X,96),32,160),if(lt(X,96),32,192))':\
b='if(lt(Y,64),32,if(lt(X,96),208,32))',format=yuv420p"
vp9=(-c:v libvpx-vp9 -crf 20 -b:v 0 -threads 1 -cpu-used 4)
make upright.mp4 -f lavfi -i color=black:s=192x128:r=10:d=10 -vf "$quarters" "${vp9[@]}"
for angle in 90 180; do # clockwise, by the display matrix, for which ffmpeg counts the other way round
	make "rotated-$angle.mp4" -i upright.mp4 -c copy -metadata:s:v "rotate=$((360 - angle))"
done
# Pixels twice as wide as high: shown as 384×128.
make wide.webm -f lavfi -i color=black:s=192x128:r=10:d=1 -vf "$quarters,setsar=2" -c:v libvpx -crf 10 -b:v 1M -threads 1

# Half a minute, 480×360: a cat before a temple and the sky.
make cat.webm -loop 1 -framerate 10 -t 30 -i $samples/china.jpg -i $samples/chelsea.png \
	-filter_complex '[0]scale=480:360[temple];[1]scale=240:160[cat];[temple][cat]overlay=20:190,setsar=1,format=yuv420p' \
	-c:v libvpx -crf 24 -b:v 100k -g 1000 -threads 1
